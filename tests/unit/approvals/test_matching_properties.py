"""Asking for more never makes a rule go away, whatever the rules are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from rakkan.approvals.matching import (
    Asked,
    Match,
    StepPlan,
    first_touched,
    governing,
    matches,
    merged,
    parts,
)
from rakkan.consents.scope import TERRITORIES, Channel, Purpose
from rakkan.likenesses.classes import PersonClass

PURPOSES = [purpose.value for purpose in Purpose]
CHANNELS = [channel.value for channel in Channel]
CLASSES = [kind.value for kind in PersonClass]


@dataclass(frozen=True)
class Rule:
    """A policy or a forbidden use that is in no table."""

    match: Match
    priority: int


def some(words: list[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), min_size=least, max_size=3, unique=True).map(tuple)


MATCHES = st.builds(Match, some(PURPOSES), some(CHANNELS), some(list(TERRITORIES)), some(CLASSES))
RULES = st.lists(st.builds(Rule, MATCHES, st.integers(0, 2)), max_size=8)
ASKED = st.builds(
    Asked,
    st.sampled_from(PURPOSES),
    some(CHANNELS, 1),
    some(list(TERRITORIES), 1),
    st.sampled_from(CLASSES),
)
PLANS = st.lists(
    st.builds(StepPlan, st.integers(1, 3), st.sampled_from(["legal", "brand"]), st.integers(1, 3))
)


@given(RULES, ASKED, st.sampled_from(CHANNELS))
def test_one_more_channel_takes_no_policy_away_or_leaves_none(
    rules: list[Rule], asked: Asked, channel: str
) -> None:
    wider = replace(asked, channels=(*asked.channels, channel))
    chosen = governing(rules, wider)

    assert chosen == [] or all(rule in chosen for rule in governing(rules, asked))


@given(RULES, ASKED)
def test_the_whole_world_is_asked_at_least_what_one_territory_is(
    rules: list[Rule], asked: Asked
) -> None:
    chosen = governing(rules, replace(asked, territories=("WORLD",)))

    assert chosen == [] or all(rule in chosen for rule in governing(rules, asked))


@given(RULES, ASKED)
def test_every_part_has_a_policy_that_matches_it_or_there_is_none_at_all(
    rules: list[Rule], asked: Asked
) -> None:
    chosen = governing(rules, asked)

    for part in parts(asked):
        matching = [rule for rule in rules if matches(rule.match, part)]
        if chosen:
            highest = max(rule.priority for rule in matching)
            assert any(rule in chosen and rule.priority == highest for rule in matching)
        elif not matching:
            return
    assert chosen


@given(RULES, ASKED, st.sampled_from(CHANNELS))
def test_what_is_forbidden_stays_forbidden_beside_something_else(
    rules: list[Rule], asked: Asked, channel: str
) -> None:
    wider = replace(asked, channels=(*asked.channels, channel))

    assert first_touched(rules, asked) is None or first_touched(rules, wider) is not None


@given(PLANS, PLANS)
def test_two_policies_together_ask_for_no_less_than_either(
    first: list[StepPlan], second: list[StepPlan]
) -> None:
    plan = {step.name: step for step in merged([*first, *second])}

    for step in (*first, *second):
        assert plan[step.name].quorum >= step.quorum
        assert plan[step.name].stage >= step.stage

"""Every state is in every table, and the published diagram is the one the program follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rakkan.core.errors import Refused
from rakkan.core.states import check_transition
from rakkan.dispatch import states as jobs
from rakkan.productions.diagram import document
from rakkan.productions.states import EVENTS, FINAL, OWNERS, TRANSITIONS, State


def test_every_state_has_transitions_an_owner_and_an_event() -> None:
    assert set(TRANSITIONS) == set(OWNERS) == set(EVENTS) == set(State)
    assert set(jobs.TRANSITIONS) == set(jobs.JobState)


def test_every_state_can_be_reached_and_every_walk_can_end() -> None:
    reached, edge = {State.DRAFT}, [State.DRAFT]
    while edge:
        targets = TRANSITIONS[edge.pop()] - reached
        reached |= targets
        edge += targets
    assert reached == set(State)
    assert {State.RELEASED, State.DRAFT}.isdisjoint(FINAL)


def test_an_unlisted_transition_is_refused_and_says_what_is_possible() -> None:
    with pytest.raises(Refused, match="cannot become 'released'") as refused:
        check_transition(TRANSITIONS, State.DRAFT, State.RELEASED)

    assert "in_approval" in refused.value.remedy


def test_the_published_diagram_is_current(checkout: Path) -> None:
    published = (checkout / "docs" / "production-states.md").read_text(encoding="utf-8")
    assert published == document(), "run: python manage.py production_states"

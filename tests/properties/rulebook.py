"""What the rules of an organisation ask of a request, said a second time and in other words."""

from __future__ import annotations

from itertools import product

from rakkan.approvals.models import ForbiddenUse, Policy, Workflow
from rakkan.approvals.ruling import RuleChange, RuleChangeDecision
from rakkan.consents.scope import TERRITORIES
from tests.properties.invariants import assert_was_confirmed

_LISTS = ("purposes", "channels", "territories", "person_classes")


def check_workflow(workflow: Workflow) -> None:
    """It asks for exactly what the rules of its moment name, and no rule forbids it."""
    counting = list(Policy.objects.filter(organisation=workflow.organisation_id))
    policies = [rule for rule in counting if _counts(rule, counting, workflow)]
    needed: dict[str, tuple[int, int]] = {}
    reviewers = 0
    for part in _parts(workflow):
        speaking = [policy for policy in policies if _speaks(policy, part)]
        assert speaking, f"no policy speaks to {part}"
        highest = max(_height(policy) for policy in speaking)
        for policy in speaking:
            if _height(policy) == highest:
                reviewers = max(reviewers, policy.reviewers)
                for step in policy.steps.all():
                    stage, quorum = needed.get(step.name, (0, 0))
                    needed[step.name] = (max(stage, step.stage), max(quorum, step.quorum))
    asked = {step.name: (step.stage, step.quorum) for step in workflow.steps.all()}
    assert asked == needed, f"asked for {asked}, the policies name {needed}"
    assert workflow.reviewers == reviewers
    rules = list(ForbiddenUse.objects.filter(organisation=workflow.organisation_id))
    forbidden = [rule for rule in rules if _counts(rule, rules, workflow)]
    assert not any(_speaks(rule, part) for rule in forbidden for part in _parts(workflow))


def check_rule_decision(decision: RuleChangeDecision) -> None:
    """Nobody changes rules alone while another administrator is there, or nobody is meant to be."""
    change: RuleChange = decision.change
    if change.proposed_by_id is None:
        assert decision.decided_by_id is None
    elif decision.accepted:
        assert decision.decided_by_id is not None
        assert decision.decided_by_id != change.proposed_by_id, "confirmed by who proposed it"
        assert_was_confirmed(decision.decided_by_id, decision.decided_at, decision.sign_in)
    assert change.effective_from >= change.proposed_at


def _counts(rule: Policy | ForbiddenUse, all_of_them: list[object], at: Workflow) -> bool:
    name = rule.name_key
    newer = [
        other
        for other in all_of_them
        if getattr(other, name) == getattr(rule, name) and other.version > rule.version
    ]
    return (
        _begun(rule, "add", at)
        and not _begun(rule, "retire", at)
        and not any(_begun(other, "add", at) for other in newer)
    )


def _begun(rule: Policy | ForbiddenUse, kind: str, at: Workflow) -> bool:
    changes = rule.changes.filter(kind=kind, decision__accepted=True)
    return changes.filter(effective_from__lte=at.opened_at).exists()


def _parts(workflow: Workflow) -> list[tuple[str, str, str, str]]:
    everywhere = "WORLD" in workflow.territories
    territories = [t for t in TERRITORIES if t != "WORLD"] if everywhere else workflow.territories
    kinds = ([workflow.purpose], workflow.channels, territories, [workflow.person_class])
    return list(product(*kinds))


def _speaks(rule: Policy | ForbiddenUse, part: tuple[str, str, str, str]) -> bool:
    lists = [set(getattr(rule, name)) for name in _LISTS]
    return all(
        not words or word in words or (name == "territories" and "WORLD" in words)
        for name, words, word in zip(_LISTS, lists, part, strict=True)
    )


def _height(policy: Policy) -> tuple[int, int]:
    return policy.priority, sum(bool(getattr(policy, name)) for name in _LISTS)

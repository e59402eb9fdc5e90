"""Set up an organisation's rules, and ask them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from rakkan.accounts.models import Organisation
from rakkan.approvals.matching import (
    Asked,
    Match,
    StepPlan,
    first_touched,
    governing,
    merged,
)
from rakkan.approvals.models import ForbiddenUse, Policy, PolicyStep
from rakkan.approvals.ruling import ChangeKind, RuleChange, RuleChangeDecision
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.errors import Refused

ANY = Match()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a use is forbidden, for people."""

    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request needs: approvals step by step, and people who watch the result."""

    policies: list[str]  # names
    steps: list[StepPlan]
    reviewers: int = 0


class UseForbidden(Refused):
    """A rule of the organisation forbids the use, whoever would approve it."""

    code = "use-forbidden"
    status = 403

    def __init__(self, rule: ForbiddenUse) -> None:
        """Name the rule."""
        super().__init__(
            f"The rule “{rule.rule}” forbids this use: {rule.reason_en}",
            remedy="Respect it; no approval changes that.",
        )
        self.rule = rule.rule
        self.detail_ja = f"規則「{rule.rule}」: {rule.reason_ja}"


@transaction.atomic
def policy_ensure(*, organisation: Organisation, steps: list[str]) -> None:
    """Give an organisation these steps, one after the other, for every request, if it has none."""
    if steps and not Policy.objects.filter(organisation=organisation).exists():
        plan = [StepPlan(stage, name) for stage, name in enumerate(steps, start=1)]
        policy_add(organisation=organisation, name="default", steps=plan)


@transaction.atomic
def policy_add(
    *,
    organisation: Organisation,
    name: str,
    steps: Sequence[StepPlan],
    match: Match = ANY,
    priority: int = 0,
    reviewers: int = 0,
) -> Policy:
    """Add a policy while an organisation is set up; it counts for what is submitted from now on.

    Administrators propose one instead, and another one confirms it.
    """
    policy = Policy.objects.create(
        organisation=organisation,
        name=name,
        priority=priority,
        reviewers=reviewers,
        **lists_of(match),
    )
    made = PolicyStep.objects.bulk_create(
        PolicyStep(policy=policy, **asdict(step)) for step in steps
    )
    data = {
        "name": name,
        "priority": priority,
        "reviewers": reviewers,
        **lists_of(match),
        "steps": [step.document() for step in steps],
    }
    counts = _in_force(policy)
    event_record(
        EventName.POLICY_ADDED,
        actor=system("setup", organisation.pk),
        subject=Subject("policy", str(policy.pk)),
        data=data,
        rows=[policy, *made, *counts],
    )
    return policy


@transaction.atomic
def forbidden_use_ensure(
    *, organisation: Organisation, rule: str, match: Match, reason: Reason
) -> ForbiddenUse:
    """Forbid a use; a rule of that name that exists stays as it is."""
    forbidden, made = ForbiddenUse.objects.get_or_create(
        organisation=organisation,
        rule=rule,
        version=1,
        defaults={"reason_en": reason.en, "reason_ja": reason.ja, **lists_of(match)},
    )
    if made:
        counts = _in_force(forbidden)
        event_record(
            EventName.USE_FORBIDDEN,
            actor=system("setup", organisation.pk),
            subject=Subject("forbidden_use", str(forbidden.pk)),
            data={"rule": rule, **lists_of(match)},
            rows=[forbidden, *counts],
        )
    return forbidden


def _in_force(rule: Policy | ForbiddenUse) -> tuple[RuleChange, RuleChangeDecision]:
    """Let a rule count from now on, by whoever sets the organisation up; return what says so."""
    now = timezone.now()
    change = RuleChange.objects.create(
        organisation=rule.organisation,
        kind=ChangeKind.ADD.value,
        **{rule.change_key: rule},
        proposed_at=now,
        effective_from=now,
    )
    return change, RuleChangeDecision.objects.create(change=change, accepted=True, decided_at=now)


def lists_of(match: Match) -> dict[str, list[str]]:
    """Return the lists of a rule as its columns take them."""
    return {name: sorted(values) for name, values in asdict(match).items()}


def check_use_allowed(organisation_id: object, asked: Asked) -> None:
    """Raise if a rule of the organisation forbids the use.

    Raises:
        UseForbidden: one does; it is named.
    """
    rules = ForbiddenUse.objects.filter(organisation_id=str(organisation_id))
    touched = first_touched(rules.in_force(), asked)
    if touched is not None:
        raise UseForbidden(touched)


def plan_of(organisation: Organisation, asked: Asked) -> Plan:
    """Return what the policies that govern a request ask for together.

    Raises:
        Refused: no policy matches, or one that does asks nobody: no policy means no.
    """
    rules = Policy.objects.filter(organisation=organisation).in_force()
    chosen = governing(list(rules.prefetch_related("steps")), asked)
    if not chosen or not all(policy.steps.all() for policy in chosen):
        raise Refused(
            "No approval policy of the organisation covers this request, so it cannot be approved.",
            code="no-policy",
            remedy="Ask whoever manages the organisation to set one up.",
        )
    steps = [step.plan for policy in chosen for step in policy.steps.all()]
    reviewers = max(policy.reviewers for policy in chosen)
    return Plan([policy.label for policy in chosen], merged(steps), reviewers)

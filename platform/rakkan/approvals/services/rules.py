"""Change an organisation's rules: one administrator proposes, another one confirms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Model, Q
from django.utils import timezone

from rakkan.accounts.confirmation import check_recently_authenticated
from rakkan.accounts.models import Membership, Organisation, User
from rakkan.accounts.permissions import check_user_has_role, user_actor, user_has_role
from rakkan.accounts.roles import Role
from rakkan.accounts.sign_in import sign_in
from rakkan.approvals.matching import LISTS, Match, StepPlan
from rakkan.approvals.models import VOCABULARY, ForbiddenUse, Policy, PolicyStep
from rakkan.approvals.notices import LONGEST_HOURS
from rakkan.approvals.ruling import (
    ALONE_AFTER_DAYS,
    ChangeKind,
    RuleChange,
    RuleChangeDecision,
)
from rakkan.approvals.services.policy import ANY, Reason, lists_of
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused

Rule = Policy | ForbiddenUse
_KINDS: Mapping[str, type[Rule]] = {"policy": Policy, "forbidden_use": ForbiddenUse}


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What a policy says; without steps it approves nothing."""

    name: str
    steps: tuple[StepPlan, ...]
    match: Match = ANY
    priority: int = 0
    reviewers: int = 0


@dataclass(frozen=True, slots=True)
class ForbiddenText:
    """What a forbidden use says."""

    rule: str
    match: Match
    reason: Reason


def policy_propose(
    *, user: User, text: PolicyText, effective_from: datetime | None = None
) -> RuleChange:
    """Propose a policy, or the next version of the one of that name.

    Raises:
        NotPermitted: the acting user is no administrator.
        BadInput: a word, step or day cannot be used.
    """
    with _refusals(user, Subject("policy", "")):
        actor = _administrator(user)
        _check_words(text.name, text.match)
        _check_steps(text.steps)
        _check_named(user, text.steps)
        policy = Policy.objects.create(
            organisation=user.organisation,
            name=text.name,
            version=_next_version(user, Policy, text.name),
            priority=text.priority,
            reviewers=text.reviewers,
            **lists_of(text.match),
        )
        steps = PolicyStep.objects.bulk_create(
            PolicyStep(policy=policy, **asdict(step)) for step in text.steps
        )
        data = {
            "name": text.name,
            "version": policy.version,
            "priority": text.priority,
            "reviewers": text.reviewers,
            **lists_of(text.match),
            "steps": [step.document() for step in text.steps],
        }
        change = _propose(user, policy, ChangeKind.ADD, effective_from)
        _tell_proposal(actor, change, data, [policy, *steps])
        return change


def forbidden_use_propose(
    *, user: User, text: ForbiddenText, effective_from: datetime | None = None
) -> RuleChange:
    """Propose that a use is forbidden, or the next version of the rule of that name.

    Raises:
        NotPermitted: the acting user is no administrator.
        BadInput: a word or day cannot be used.
    """
    with _refusals(user, Subject("forbidden_use", "")):
        actor = _administrator(user)
        _check_words(text.rule, text.match)
        forbidden = ForbiddenUse.objects.create(
            organisation=user.organisation,
            rule=text.rule,
            version=_next_version(user, ForbiddenUse, text.rule),
            reason_en=text.reason.en,
            reason_ja=text.reason.ja,
            **lists_of(text.match),
        )
        data = {"rule": text.rule, "version": forbidden.version, **lists_of(text.match)}
        change = _propose(user, forbidden, ChangeKind.ADD, effective_from)
        _tell_proposal(actor, change, data, [forbidden])
        return change


def rule_retire(
    *, user: User, kind: str, rule_id: UUID | str, effective_from: datetime | None = None
) -> RuleChange:
    """Propose that a policy or a forbidden use counts no more.

    Args:
        user: the acting administrator.
        kind: "policy" or "forbidden_use".
        rule_id: of the rule.
        effective_from: as soon as it is confirmed, if nothing is said.

    Raises:
        NotPermitted: the acting user is no administrator.
        NotFound: there is no such rule in the organisation.
        Refused: it is not in force, or its end is proposed already.
    """
    with _refusals(user, Subject(kind, str(rule_id))):
        actor = _administrator(user)
        rows = _KINDS[kind].objects.filter(organisation=user.organisation_id)
        rule = rows.filter(pk=rule_id).first()
        if rule is None:
            raise NotFound("There is no such rule.")
        waiting = RuleChange.objects.filter(kind=ChangeKind.RETIRE.value, decision=None)
        if (
            not rows.in_force().filter(pk=rule.pk).exists()
            or waiting.filter(**{rule.change_key: rule}).exists()
        ):
            raise Refused(
                "It is not in force, or its end is proposed already.",
                code="rule-not-in-force",
                remedy="Look at the changes that wait.",
            )
        change = _propose(user, rule, ChangeKind.RETIRE, effective_from)
        _tell_proposal(actor, change, {}, [])
        return change


def rule_change_decide(*, user: User, change_id: UUID | str, accepted: bool) -> RuleChangeDecision:
    """Confirm a proposed change, or decline it; who proposed it may always take it back.

    Raises:
        NotPermitted: not an administrator; or their own proposal while there is, or in the last
            days was, another administrator; or not confirmed to be there just now.
        NotFound: there is no such change in the organisation.
        Refused: it was decided already.
    """
    with _refusals(user, Subject("rule_change", str(change_id))):
        actor = _administrator(user)
        rows = RuleChange.objects.filter(organisation=user.organisation_id)
        change = rows.filter(pk=change_id).first()
        if change is None:
            raise NotFound("There is no such change.")
        if RuleChangeDecision.objects.filter(change=change).exists():
            raise Refused("This was decided already.", code="already-decided")
        data: dict[str, Any] = {"change": str(change.pk), "kind": change.kind}
        if accepted:
            if change.proposed_by_id == user.pk and not is_alone(user):
                raise NotPermitted(
                    "Nobody confirms their own change of rules.",
                    code="own-change",
                    remedy="Ask another administrator.",
                )
            data["authentication"] = str(check_recently_authenticated(user).pk)
        decision = RuleChangeDecision.objects.create(
            change=change,
            accepted=accepted,
            decided_by=user,
            decided_at=timezone.now(),
            sign_in=sign_in(),
        )
        name = EventName.RULE_CONFIRMED if accepted else EventName.RULE_DECLINED
        event_record(name, actor=actor, subject=_subject(change.rule), data=data, rows=[decision])
        return decision


def is_alone(user: User) -> bool:
    """Say whether there is no other administrator, and was none in the last days.

    A closed account counts as one, or an administrator could close the other's and go on alone.
    """
    since = timezone.now() - timedelta(days=ALONE_AFTER_DAYS)
    others = Membership.objects.filter(
        Q(end=None) | Q(end__ended_at__gt=since),
        role=Role.ADMINISTRATOR.value,
        user__organisation=user.organisation_id,
    )
    return not others.exclude(user=user).exists()


def _administrator(user: User) -> Actor:
    """Return the acting administrator; those of one organisation act one after the other."""
    Organisation.objects.select_for_update().get(pk=user.organisation_id)
    return check_user_has_role(user, Role.ADMINISTRATOR)


def _propose(
    user: User, rule: Rule, kind: ChangeKind, effective_from: datetime | None
) -> RuleChange:
    now = timezone.now()
    begins = effective_from or now
    if begins < now:
        raise BadInput(
            "Rules do not change for the past.",
            code="rule-backdated",
            remedy="Choose a day to come, or none: then it begins once it is confirmed.",
        )
    return RuleChange.objects.create(
        organisation=user.organisation,
        kind=kind.value,
        **{rule.change_key: rule},
        proposed_by=user,
        proposed_at=now,
        effective_from=begins,
    )


def _tell_proposal(
    actor: Actor, change: RuleChange, data: dict[str, Any], made: Sequence[Model]
) -> None:
    begins = change.effective_from.isoformat()
    about = {"change": str(change.pk), "kind": change.kind, "effective_from": begins}
    event_record(
        EventName.RULE_PROPOSED,
        actor=actor,
        subject=_subject(change.rule),
        data={**data, **about},
        rows=[*made, change],
    )


def _next_version(user: User, kind: type[Rule], name: str) -> int:
    rows = kind.objects.filter(organisation=user.organisation_id, **{kind.name_key: name})
    return int(rows.aggregate(last=Max("version"))["last"] or 0) + 1


def _check_words(name: str, match: Match) -> None:
    unknown = [word for one in LISTS for word in getattr(match, one) if word not in VOCABULARY[one]]
    if unknown or not name.strip():
        raise BadInput(
            "A rule has a name and holds known words only.",
            code="rule-invalid",
            remedy="Choose from the lists.",
        )


def _check_steps(steps: tuple[StepPlan, ...]) -> None:
    names = [step.name for step in steps]
    if len(set(names)) < len(names) or any(
        step.quorum < 1 or step.stage < 1 or not step.name.strip() for step in steps
    ):
        raise BadInput(
            "Each step has a name of its own, a stage and asks for at least one person.",
            code="steps-invalid",
            remedy="Correct the steps.",
        )
    hours = [h for s in steps for h in (s.remind_after, s.remind_every, s.escalate_after)]
    if any(not 0 <= h <= LONGEST_HOURS for h in hours):
        raise BadInput(
            f"Reminders and escalations come after 0 (never) to {LONGEST_HOURS} hours.",
            code="steps-invalid",
            remedy="Correct the hours.",
        )


def _check_named(user: User, steps: tuple[StepPlan, ...]) -> None:
    """Refuse to escalate to somebody who could not decide anything."""
    named = {step.escalate_to_id for step in steps if step.escalate_to_id}
    found = User.objects.filter(pk__in=named, organisation=user.organisation_id)
    if len([one for one in found if user_has_role(one, Role.APPROVER)]) < len(named):
        raise BadInput(
            "A step is escalated to somebody who is no approver of the organisation.",
            code="escalation-invalid",
            remedy="Name an approver, or nobody: then every approver hears of it.",
        )


def _subject(rule: Rule) -> Subject:
    return Subject(rule.change_key, str(rule.pk))


def _refusals(user: User, subject: Subject) -> Any:
    return refusal_recorded(EventName.RULE_REFUSED, actor=user_actor(user), subject=subject)

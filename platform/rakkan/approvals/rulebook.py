"""Read an organisation's rules: what is in force, what waits, and what would apply."""

from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.matching import Asked, StepPlan, first_touched
from rakkan.approvals.models import ForbiddenUse, Policy
from rakkan.approvals.ruling import RuleChange
from rakkan.approvals.services.policy import plan_of
from rakkan.core.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules in force say about a request; without steps nobody can approve it."""

    forbidden: ForbiddenUse | None = None
    policies: list[str] = field(default_factory=list)
    steps: list[StepPlan] = field(default_factory=list)
    reviewers: int = 0


def policies_in_force(user: User) -> QuerySet[Policy]:
    """Return the policies that count now, the first to speak first.

    Raises:
        NotPermitted: the acting user is no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    rows = Policy.objects.filter(organisation=user.organisation_id)
    return rows.in_force().prefetch_related("steps__escalate_to")


def policy_get(user: User, policy_id: str) -> Policy:
    """Return a policy of one's organisation, in force or not.

    Raises:
        NotPermitted: the acting user is no administrator.
        NotFound: there is none of that id.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    rows = Policy.objects.filter(organisation=user.organisation_id)
    policy: Policy | None = None
    with suppress(ValueError):  # it comes from an address, where anything may stand
        policy = rows.filter(pk=UUID(policy_id)).first()
    if policy is None:
        raise NotFound("There is no such rule.")
    return policy


def forbidden_in_force(user: User) -> QuerySet[ForbiddenUse]:
    """Return the uses that are forbidden now.

    Raises:
        NotPermitted: the acting user is no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    return ForbiddenUse.objects.filter(organisation=user.organisation_id).in_force()


def rule_changes(user: User) -> QuerySet[RuleChange]:
    """Return every change of rules, the newest first.

    Raises:
        NotPermitted: the acting user is no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    rows = RuleChange.objects.filter(organisation=user.organisation_id)
    about = ("policy", "forbidden_use", "proposed_by", "decision__decided_by")
    return rows.select_related(*about).prefetch_related("policy__steps__escalate_to")


def ruling_on(user: User, asked: Asked) -> Ruling:
    """Return what would apply to a request that was submitted now.

    Raises:
        NotPermitted: the acting user is no administrator.
    """
    forbidden = first_touched(forbidden_in_force(user), asked)
    try:
        plan = plan_of(user.organisation, asked)
    except Refused:
        return Ruling(forbidden)
    return Ruling(forbidden, plan.policies, plan.steps, plan.reviewers)

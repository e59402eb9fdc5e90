"""Read identity checks."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import Refused
from rakkan.identity.models import IdentityCheck, IdentityDecision
from rakkan.likenesses.models import Person


def identity_checks_visible(user: User) -> QuerySet[IdentityCheck]:
    """Return the checks a user may see: all of the organisation for a reviewer, else their own."""
    rows = IdentityCheck.objects.select_related("person__user", "decision")
    if user_has_role(user, Role.IDENTITY_REVIEWER):
        return rows.filter(person__organisation=user.organisation_id)
    return rows.filter(person__user=user)


def identity_decision(person: Person, at: datetime | None = None) -> IdentityDecision | None:
    """Return the newest decision that verifies the person at that moment, if any."""
    moment = at or timezone.now()
    return (
        IdentityDecision.objects.filter(
            check_made__person=person,
            verified=True,
            decided_at__lte=moment,
            valid_until__gt=moment,
        )
        .order_by("-decided_at")
        .first()
    )


def check_identity_is_verified(person: Person) -> IdentityDecision:
    """Return the decision that verifies the person now.

    Raises:
        Refused: there is none.
    """
    decision = identity_decision(person)
    if decision is None:
        raise Refused(
            "The depicted person's identity is not verified.",
            code="identity-not-verified",
            remedy="Hand in evidence and wait for a reviewer's decision.",
        )
    return decision

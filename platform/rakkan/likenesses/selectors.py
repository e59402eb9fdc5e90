"""Read likenesses."""

from uuid import UUID

from django.db.models import QuerySet

from compliance.permit import Verdict
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.core.errors import BadInput, NotFound
from rakkan.likenesses.models import Likeness

# Who sees every likeness of the organisation and what was consented to; others see their own.
SEE_ALL = frozenset({Role.REQUESTER, Role.IDENTITY_REVIEWER, Role.APPROVER, Role.AUDITOR})


def likenesses_visible(user: User) -> QuerySet[Likeness]:
    """Return the likenesses a user may see: their own, or those of their organisation."""
    rows = Likeness.objects.select_related("person__user", "measurement").filter(
        person__organisation=user.organisation_id
    )
    if user_roles(user) & SEE_ALL:
        return rows
    return rows.filter(person__user=user)


def likeness_get(user: User, likeness_id: UUID | str) -> Likeness:
    """Return one visible likeness.

    Raises:
        NotFound: there is none of that id for this user.
    """
    likeness = likenesses_visible(user).filter(pk=likeness_id).first()
    if likeness is None:
        raise NotFound(f"There is no likeness {likeness_id}.")
    return likeness


def likeness_verdict(likeness: Likeness) -> Verdict | None:
    """Return what the gate said, or None while it has not."""
    measurement = getattr(likeness, "measurement", None)
    return Verdict(measurement.verdict) if measurement else None


def check_likeness_is_usable(likeness: Likeness) -> None:
    """Raise unless the gate found the portrait usable.

    Raises:
        BadInput: it is unusable, or not measured yet.
    """
    verdict = likeness_verdict(likeness)
    if verdict is None:
        raise BadInput(
            "The portrait has not been measured yet.",
            code="portrait-not-measured",
            remedy="Wait a few seconds and try again.",
            status=409,
        )
    if verdict is Verdict.UNUSABLE:
        raise BadInput(
            f"The portrait is unusable: {first_reason(likeness.measurement.findings)}",
            code="portrait-unusable",
            remedy="Add another photo that follows the shooting guide.",
            status=409,
        )


def first_reason(findings: list[dict[str, object]], language: str = "en") -> str:
    """Return the first reason for the worst verdict among a gate's findings."""
    for verdict in (Verdict.UNUSABLE, Verdict.WARNINGS):
        for finding in findings:
            reason = finding.get("reason")
            if finding.get("verdict") == verdict.value and isinstance(reason, dict):
                return str(reason.get(language, ""))
    return ""

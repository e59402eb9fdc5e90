"""Read likenesses and voices."""

from uuid import UUID

from django.db.models import QuerySet

from compliance.permit import Verdict
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.core.errors import BadInput, NotFound, NotPermitted
from rakkan.likenesses.guardians import acts_for, persons_of
from rakkan.likenesses.models import Likeness, Trait, Voice

# Who sees every likeness of the organisation and what was consented to; others see their own.
SEE_ALL = frozenset({Role.REQUESTER, Role.IDENTITY_REVIEWER, Role.APPROVER, Role.AUDITOR})


def likenesses_visible(user: User) -> QuerySet[Likeness]:
    """Return the likenesses a user may see: their own, or those of their organisation."""
    rows = Likeness.objects.select_related("person__user", "measurement").filter(
        person__organisation=user.organisation_id
    )
    if user_roles(user) & SEE_ALL:
        return rows
    return rows.filter(person__in=persons_of(user))


def likeness_get(user: User, likeness_id: UUID | str) -> Likeness:
    """Return one visible likeness.

    Raises:
        NotFound: there is none of that id for this user.
    """
    likeness = likenesses_visible(user).filter(pk=likeness_id).first()
    if likeness is None:
        raise NotFound(f"There is no likeness {likeness_id}.")
    return likeness


def voices_visible(user: User) -> QuerySet[Voice]:
    """Return the voices a user may see: their own, or those of their organisation."""
    rows = Voice.objects.select_related("person__user", "measurement").filter(
        person__organisation=user.organisation_id
    )
    if user_roles(user) & SEE_ALL:
        return rows
    return rows.filter(person__in=persons_of(user))


def voice_get(user: User, voice_id: UUID | str) -> Voice:
    """Return one visible voice.

    Raises:
        NotFound: there is none of that id for this user.
    """
    voice = voices_visible(user).filter(pk=voice_id).first()
    if voice is None:
        raise NotFound(f"There is no voice {voice_id}.")
    return voice


def voice_to_hear(user: User, voice_id: UUID | str) -> Voice:
    """Return a voice whose sample the user may hear: their own, or to compare it.

    A requester names a speaker and hears the track they hand in; a sample is what a stranger
    would need to imitate the voice.

    Raises:
        NotFound: there is none of that id for this user.
        NotPermitted: it is neither theirs nor theirs to compare.
    """
    voice = voice_get(user, voice_id)
    if not acts_for(user, voice.person) and not user_roles(user) & {Role.APPROVER, Role.AUDITOR}:
        raise NotPermitted(
            "Voice samples are heard by their owner, approvers and auditors only.",
            code="sample-not-yours",
            remedy="Ask an approver to compare it with the voice track.",
        )
    return voice


def trait_verdict(trait: Trait) -> Verdict | None:
    """Return what the gate said, or None while it has not."""
    measurement = getattr(trait, "measurement", None)
    return Verdict(measurement.verdict) if measurement else None


_WORDS: dict[type[Trait], tuple[str, str, str]] = {  # in codes, in sentences, what helps
    Likeness: ("portrait", "The portrait", "Add another photo that follows the shooting guide."),
    Voice: ("sample", "The voice sample", "Add another recording of one person speaking clearly."),
}


def check_trait_is_usable(trait: Trait) -> None:
    """Raise unless the gate found the portrait or the voice sample usable.

    Raises:
        BadInput: it is unusable, or not measured yet.
    """
    code, what, remedy = _WORDS[type(trait)]
    verdict = trait_verdict(trait)
    if verdict is None:
        raise BadInput(
            f"{what} has not been measured yet.",
            code=f"{code}-not-measured",
            remedy="Wait a few seconds and try again.",
            status=409,
        )
    if verdict is Verdict.UNUSABLE:
        raise BadInput(
            f"{what} is unusable: {first_reason(trait.measurement.findings)}",
            code=f"{code}-unusable",
            remedy=remedy,
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

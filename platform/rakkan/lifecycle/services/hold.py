"""Set and end a legal hold."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.lifecycle.models import Erasure, LegalHold, LegalHoldEnd
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Person


def hold_set(
    *, user: User, person_id: UUID | str, reason: str, valid_until: datetime, told: bool
) -> LegalHold:
    """Keep everything about a person until then, whoever asks for its erasure.

    Args:
        user: an approver of the organisation, and not the person.
        person_id: whom it concerns.
        reason: for the log's readers; sealed under the person's key.
        valid_until: its end; an earlier one is said by :func:`hold_end`.
        told: whether the law lets the person know of it.

    Raises:
        NotPermitted: no approver, or about themself.
        BadInput: no reason, or an end that has passed.
        Refused: the person's data is being erased already.
    """
    subject = Subject("person", str(person_id))
    with refusal_recorded(EventName.HOLD_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.APPROVER)
        person = Person.objects.filter(pk=person_id, organisation=user.organisation_id).first()
        if person is None:
            raise NotFound(f"There is no person {person_id}.")
        _check(user, person, reason, valid_until)
        hold = LegalHold.objects.create(
            person=person,
            organisation=person.organisation,
            set_by=user,
            reason=reason.strip()[:500],
            told=told,
            set_at=timezone.now(),
            valid_until=valid_until,
        )
        event_record(
            EventName.HOLD_SET,
            actor=actor,
            subject=subject,
            data={"hold": str(hold.pk), "valid_until": valid_until.isoformat(), "told": told},
            rows=[hold],
        )
    return hold


def _check(user: User, person: Person, reason: str, valid_until: datetime) -> None:
    if ever_acted_for(user, person):
        raise NotPermitted("Nobody holds their own data.", code="own-hold")
    if not reason.strip():
        raise BadInput("The hold has no reason.", code="reason-empty", remedy="Say why.")
    if valid_until <= timezone.now():
        raise BadInput(
            "The hold ends in the past.", code="term-invalid", remedy="Choose a later end."
        )
    # After, or before, the person asks: both lock the row.
    Person.objects.select_for_update().get(pk=person.pk)
    if Erasure.objects.filter(person=person).exists():
        raise Refused("The person's data is being erased.", code="erasure-asked")


def hold_end(*, user: User, hold_id: UUID | str) -> LegalHold:
    """End a hold before its time.

    Raises:
        NotPermitted: no approver, or about themself.
        NotFound: there is none in the organisation.
        Refused: it has ended.
    """
    subject = Subject("legal_hold", str(hold_id))
    with refusal_recorded(EventName.HOLD_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.APPROVER)
        rows = LegalHold.objects.select_related("person", "end")
        hold = rows.filter(pk=hold_id, organisation=user.organisation_id).first()
        if hold is None:
            raise NotFound(f"There is no hold {hold_id}.")
        if ever_acted_for(user, hold.person):
            raise NotPermitted("Nobody ends a hold on their own data.", code="own-hold")
        if getattr(hold, "end", None) is not None or hold.valid_until <= timezone.now():
            raise Refused("The hold has ended.", code="hold-ended")
        end = LegalHoldEnd.objects.create(hold=hold, ended_by=user, ended_at=timezone.now())
        event_record(
            EventName.HOLD_ENDED,
            actor=actor,
            subject=subject,
            data={"person": str(hold.person_id)},
            rows=[end],
        )
    return hold

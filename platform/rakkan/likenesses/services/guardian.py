"""Act for a minor or deceased person: say so with evidence, have it reviewed, end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.core.uploads import evidence_accept
from rakkan.likenesses.classes import RELATIONS, PersonClass, Relation
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Guardianship, GuardianshipDecision, GuardianshipEnd, Person

VALIDITY = timedelta(days=365)  # evidence is asked for again after a year


@dataclass(frozen=True, slots=True)
class Represented:
    """Who has no account of their own."""

    name: str
    person_class: PersonClass
    relation: Relation
    majority_at: datetime | None = None  # of a minor


def guardianship_claim(
    *, user: User, represented: Represented, evidence: UploadedFile[Any] | None
) -> Guardianship:
    """Make the record of a minor or deceased person and say that the acting user acts for them.

    Raises:
        NotPermitted: the account has no part as a depicted person.
        BadInput: name, class, relation or majority do not fit, or the evidence is no file.
    """
    subject = Subject("guardianship", "", "new guardianship")
    with refusal_recorded(EventName.GUARDIANSHIP_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        _check_represented(represented)
        person = Person.objects.create(
            organisation=user.organisation,
            person_class=represented.person_class.value,
            written_name=represented.name.strip()[:120],
            majority_at=represented.majority_at,
        )
        added = Subject("person", str(person.pk))
        event_record(EventName.PERSON_ADDED, actor=actor, subject=added, rows=[person])
        return _submit(actor, user, person, represented.relation, evidence)


def guardianship_renew(
    *, user: User, guardianship_id: UUID | str, evidence: UploadedFile[Any] | None
) -> Guardianship:
    """Hand in newer evidence for a person whom the acting user said to act for.

    Raises:
        NotFound: there is no such guardianship of theirs.
        BadInput: the evidence is no file.
    """
    subject = Subject("guardianship", str(guardianship_id))
    with refusal_recorded(EventName.GUARDIANSHIP_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        old = Guardianship.objects.filter(pk=guardianship_id, guardian=user).first()
        if old is None:
            raise NotFound(f"There is no guardianship {guardianship_id}.")
        return _submit(actor, user, old.person, Relation(old.relation), evidence)


def guardianship_decide(
    *, user: User, guardianship_id: UUID | str, verified: bool
) -> GuardianshipDecision:
    """Say whether the evidence shows that the guardian acts for the person.

    It is good for a year, and at most until a minor comes of age.

    Raises:
        NotPermitted: not a reviewer, or somebody who acts for the person.
        NotFound: no such guardianship in the reviewer's organisation.
        Refused: decided already, or the minor has come of age.
    """
    subject = Subject("guardianship", str(guardianship_id))
    with refusal_recorded(EventName.GUARDIANSHIP_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.IDENTITY_REVIEWER)
        found = _of_organisation(user, guardianship_id)
        if ever_acted_for(user, found.person):
            raise NotPermitted("Nobody reviews their own identity.", code="own-identity")
        decision = _decision_create(found, user, verified=verified)
        event_record(
            EventName.GUARDIANSHIP_DECIDED,
            actor=actor,
            subject=subject,
            data={"verified": verified, "valid_until": decision.valid_until.isoformat()},
            rows=[decision],
        )
    return decision


def guardianship_evidence_view(*, user: User, guardianship_id: UUID | str) -> Guardianship:
    """Return the guardianship whose evidence the acting reviewer is about to be shown.

    Raises:
        NotPermitted: the account is not a reviewer's.
        NotFound: no such guardianship in the reviewer's organisation.
    """
    subject = Subject("guardianship", str(guardianship_id))
    with refusal_recorded(EventName.GUARDIANSHIP_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.IDENTITY_REVIEWER)
        found = _of_organisation(user, guardianship_id)
        data = {"evidence_sha256": found.evidence_sha256}
        event_record(EventName.EVIDENCE_VIEWED, actor=actor, subject=subject, data=data)
    return found


def guardianship_close(*, user: User, guardianship_id: UUID | str) -> Guardianship:
    """Write the end of a guardianship in the caller's transaction: by the guardian or a reviewer.

    What was consented to under it is the business of ``productions``.

    Raises:
        NotFound: there is none of that id that the acting user may end.
        Refused: it has ended.
    """
    rows = Guardianship.objects.filter(pk=guardianship_id)
    found = rows.filter(guardian=user).select_for_update(of=("self",)).first()
    if found is None:
        check_user_has_role(user, Role.IDENTITY_REVIEWER)
        rows = rows.filter(person__organisation=user.organisation_id)
        found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(f"There is no guardianship {guardianship_id}.")
    if GuardianshipEnd.objects.filter(guardianship=found).exists():
        raise Refused("The guardianship has ended.", code="guardianship-ended")
    _end(found, user)
    return found


def guardianships_close_of(*, person: Person, user: User) -> int:
    """End every guardianship of a person who is erased, in the caller's transaction."""
    rows = Guardianship.objects.filter(person=person, end=None)
    open_now = list(rows.select_for_update(of=("self",)))
    for found in open_now:
        _end(found, user)
    return len(open_now)


def _end(found: Guardianship, user: User) -> None:
    end = GuardianshipEnd.objects.create(guardianship=found, ended_by=user, ended_at=timezone.now())
    subject = Subject("guardianship", str(found.pk))
    event_record(EventName.GUARDIANSHIP_ENDED, actor=user_actor(user), subject=subject, rows=[end])


def _of_organisation(user: User, guardianship_id: UUID | str) -> Guardianship:
    found = Guardianship.objects.filter(
        pk=guardianship_id, person__organisation=user.organisation_id
    ).first()
    if found is None:
        raise NotFound(f"There is no guardianship {guardianship_id}.")
    return found


def _submit(
    actor: Actor,
    user: User,
    person: Person,
    relation: Relation,
    evidence: UploadedFile[Any] | None,
) -> Guardianship:
    upload = evidence_accept(evidence)
    made = Guardianship.objects.create(
        person=person,
        guardian=user,
        relation=relation.value,
        evidence_sha256=upload.sha256,
        evidence_media_type=upload.media_type,
        submitted_at=timezone.now(),
    )
    event_record(
        EventName.GUARDIANSHIP_SUBMITTED,
        actor=actor,
        subject=Subject("guardianship", str(made.pk)),
        data={"person": str(person.pk), "evidence_sha256": upload.sha256},
        rows=[made],
    )
    return made


def _check_represented(represented: Represented) -> None:
    if not represented.name.strip():
        raise BadInput("The name is empty.", code="name-empty", remedy="Write their name.")
    if represented.relation not in RELATIONS.get(represented.person_class, ()):
        raise BadInput(
            "Nobody acts for this person in that relation.",
            code="relation-unfit",
            remedy="For a minor: a parent or legal guardian. For a deceased person: an heir or "
            "rights holder. Everybody else acts for themselves.",
        )
    minor = represented.person_class is PersonClass.MINOR
    ahead = represented.majority_at is not None and represented.majority_at > timezone.now()
    if minor is not ahead or (not minor and represented.majority_at is not None):
        raise BadInput(
            "A minor's record says when they come of age, a day ahead; no other does.",
            code="majority-unfit",
            remedy="Who is of age acts for themselves: they get an invitation of their own.",
        )


def _decision_create(found: Guardianship, user: User, *, verified: bool) -> GuardianshipDecision:
    now, majority = timezone.now(), found.person.majority_at
    until = min(now + VALIDITY, majority) if majority else now + VALIDITY
    if until <= now:
        raise Refused(
            "The person has come of age.",
            code="came-of-age",
            remedy="They act for themselves: invite them.",
        )
    try:
        with transaction.atomic():
            return GuardianshipDecision.objects.create(
                guardianship=found,
                guardian_id=found.guardian_id,
                reviewer=user,
                verified=verified,
                decided_at=now,
                valid_until=until,
            )
    except IntegrityError as error:
        raise Refused("This was decided already.", code="already-decided") from error

"""Erase a person: asked by them or by who acts for them, refused while a hold stands, in steps.

What remains are ids, digests and the log: every older proof and every released file handed out
before verifies as it did. Each step can be run again; a row says which are done.
"""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor, user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import user_erase
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded, system
from rakkan.consents.models import Consent
from rakkan.core.errors import Refused
from rakkan.dispatch.services import jobs_stop_of
from rakkan.evidence.services import packs_end_of
from rakkan.identity.services import biometric_consents_end
from rakkan.lifecycle.files import file_delete, files_of
from rakkan.lifecycle.models import Erasure, ErasureStep, Step
from rakkan.lifecycle.selectors import check_not_held, erasures_open, persons_seen_or_heard_with
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import guardianships_close_of, person_for
from rakkan.productions.models import Production
from rakkan.productions.services.guardian import guardianships_end_of
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock
from rakkan.productions.services.withdraw import withdraw_for
from rakkan.productions.states import STOPPABLE, State
from rakkan.vault.models import SubjectKey
from rakkan.vault.services import subject_key_destroy

TASK = "rakkan.lifecycle.erase"
PROBLEM = {
    "code": "person-erased",
    "title": "The depicted person's data was erased.",
    "detail": "",
    "remedy": "Nothing can be made of this person any more.",
}


def erasure_ask(*, user: User, person_id: UUID | None = None) -> tuple[Erasure, str]:
    """Ask that what is personal about a person goes; return it and the link's secret.

    The consents are withdrawn before this returns; the rest is done by a task. With the secret
    whoever asked fetches the certificate later, when there is no account to sign in to any more.

    Args:
        user: the person, or who acts for them at this moment.
        person_id: of whom they act for; themself without it.

    Raises:
        NotPermitted: they have no likeness or voice here and act for nobody.
        NotFound: they act for no such person.
        Refused: a legal hold stands on the person, or on somebody in the same videos; the account
            has other roles; or it was asked before.
    """
    own: Person | None = getattr(user, "person", None)
    subject = Subject("person", str(person_id or (own.pk if own else "")))
    with refusal_recorded(EventName.ERASURE_REFUSED, actor=user_actor(user), subject=subject):
        person = _asked_for(user, person_id)
        _lock(person)
        check_not_held(person)
        _check_nothing_else(user, person)
        secret = secrets.token_urlsafe(32)
        erasure = Erasure.objects.create(
            person=person,
            organisation=person.organisation,
            asked_by=user,
            asked_at=timezone.now(),
            certificate_hash=hashlib.sha256(secret.encode()).hexdigest(),
        )
        event_record(
            EventName.ERASURE_ASKED,
            actor=user_actor(user),
            subject=Subject("person", str(person.pk)),
            data={"erasure": str(erasure.pk)},
            rows=[erasure],
        )
    _withdraw_all(erasure)
    transaction.on_commit(lambda: _send(erasure.pk), robust=True)
    return erasure, secret


def _asked_for(user: User, person_id: UUID | None) -> Person:
    """Return the person; their own record without a look at roles: somebody may have taken them."""
    own: Person | None = getattr(user, "person", None)
    if own is not None and person_id in (None, own.pk):
        return own
    return person_for(user=user, person_id=person_id)


def _lock(person: Person) -> None:
    """Come before, or after, any hold on the person or on somebody in the same videos."""
    people = persons_seen_or_heard_with(person).order_by("pk").values_list("pk", flat=True)
    list(Person.objects.select_for_update().filter(pk__in=list(people)).order_by("pk"))


def _check_nothing_else(user: User, person: Person) -> None:
    own = person.user_id == user.pk  # who acts for somebody keeps their account
    if own and user_roles(user) - {Role.DEPICTED_PERSON}:
        raise Refused(
            "The account has other roles, and what they did must stay attributable.",
            code="other-roles",
            remedy="Ask an administrator to take the other roles away first.",
        )
    if Erasure.objects.filter(person=person).exists():
        raise Refused("The erasure was asked for before.", code="erasure-asked")


def _send(erasure_id: UUID) -> None:
    current_app.send_task(TASK, args=[str(erasure_id)], ignore_result=True)


def erasure_carry_out(erasure_id: UUID | str) -> None:
    """Do the steps that are not done; safe to run twice, and after a crash at any point."""
    erasure = Erasure.objects.select_related("person__user", "asked_by").get(pk=erasure_id)
    steps = {
        Step.CONSENTS: _withdraw_all,
        Step.WORK: _end_work,
        Step.ACCOUNT: _close_account,
        Step.FILES: _delete_files,
        Step.KEYS: _destroy_keys,
    }
    for name, step in steps.items():
        if not ErasureStep.objects.filter(erasure=erasure, name=name.value).exists():
            count, kept = step(erasure)
            ErasureStep.objects.get_or_create(
                erasure=erasure,
                name=name.value,
                defaults={"count": count, "kept": kept, "done_at": timezone.now()},
            )


def erasures_resume() -> None:
    """Carry out what a lost message or a dead process left."""
    for erasure in erasures_open():
        erasure_carry_out(erasure.pk)


def _withdraw_all(erasure: Erasure) -> tuple[int, int]:
    """Withdraw every consent of the person: dispatch and delivery are blocked with each."""
    person = erasure.person
    theirs = Q(likeness__person=person) | Q(voice__person=person)
    consents = Consent.objects.filter(theirs, withdrawal=None, supersession=None)
    count = 0
    for consent in consents:
        withdraw_for(user=erasure.asked_by, consent=consent, reason="")
        count += 1
    return count + biometric_consents_end(person=person, user=erasure.asked_by), 0


def _end_work(erasure: Erasure) -> tuple[int, int]:
    """End what runs without a consent yet: drafts, and whatever is being measured."""
    seen_or_heard = Q(likeness__person=erasure.person) | Q(speaker__person=erasure.person)
    rows = Production.objects.filter(seen_or_heard, state__in=[state.value for state in STOPPABLE])
    actor, count = system("erasure", erasure.organisation_id), 0
    for production_id in rows.values_list("pk", flat=True):
        with transaction.atomic():
            production = production_lock(production_id)
            if State(production.state) in STOPPABLE:
                end(production, State.STOPPED, actor=actor, problem=PROBLEM)
                count += 1
    return count + jobs_stop_of(person=erasure.person, error=PROBLEM), 0


def _close_account(erasure: Erasure) -> tuple[int, int]:
    """Close the account; of somebody who has none, end who acts for them.

    Whom an account acted for loses their guardian with it, and what was allowed as such ends.
    """
    user = erasure.person.user
    if user is None:
        with transaction.atomic():
            return guardianships_close_of(person=erasure.person, user=erasure.asked_by), 0
    return guardianships_end_of(user=user) + user_erase(user=user), 0


def _delete_files(erasure: Erasure) -> tuple[int, int]:
    """Delete every file about the person that nobody else's row names, and evidence of them."""
    packs = packs_end_of(erasure.person_id)
    files = files_of(erasure.person_id)
    gone = frozenset(file.row for file in files)
    deleted = {file.sha256 for file in files if file_delete(file, gone)}
    return len(deleted) + packs, len({file.sha256 for file in files} - deleted)


def _destroy_keys(erasure: Erasure) -> tuple[int, int]:
    subjects = _subjects(erasure)
    keys = SubjectKey.objects.filter(pk__in=subjects)
    with transaction.atomic():
        told = keys.exclude(destroyed_at=None).count() == len(subjects)
        count = sum(subject_key_destroy(subject_id=subject) for subject in subjects)
        if not told:  # of keys that a process before this one destroyed, its event tells
            event_record(
                EventName.ERASURE_CARRIED_OUT,
                actor=system("erasure", erasure.organisation_id),
                subject=Subject("person", str(erasure.person_id)),
                data={"erasure": str(erasure.pk)},
                rows=keys.all(),
            )
    packs_end_of(erasure.person_id)  # what was being built; from here on none can be
    return count, 0


def _subjects(erasure: Erasure) -> list[UUID]:
    """Return under whose keys what is personal about them was sealed: not who asked for them."""
    own = erasure.person.user_id
    return [erasure.person_id] if own is None else [erasure.person_id, own]

"""The person behind an account, and what is theirs alone to decide."""

from uuid import UUID

from django.db import transaction

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import NotFound, NotPermitted
from rakkan.likenesses.classes import PersonClass
from rakkan.likenesses.guardians import acts_for, guardianship_lock, persons_of
from rakkan.likenesses.models import Likeness, Person, Trait


@transaction.atomic
def person_ensure(*, user: User, person_class: PersonClass = PersonClass.ADULT) -> Person:
    """Return the depicted person behind an account that has that role.

    Args:
        user: whose account it is.
        person_class: of a person whose record is made now; a record that exists keeps its own.

    Raises:
        NotPermitted: the account is not a depicted person's.
    """
    actor = check_user_has_role(user, Role.DEPICTED_PERSON)
    person, made = Person.objects.get_or_create(
        user=user,
        defaults={"organisation": user.organisation, "person_class": person_class.value},
    )
    if made:
        subject = Subject("person", str(person.pk))
        event_record(EventName.PERSON_ADDED, actor=actor, subject=subject, rows=[person])
    return person


def person_for(*, user: User, person_id: UUID | str | None) -> Person:
    """Return the person of an id for whom the acting user acts; without one, themself.

    Raises:
        NotPermitted: the account is not a depicted person's.
        NotFound: they act for no such person.
    """
    if person_id is None:
        return person_ensure(user=user)
    check_user_has_role(user, Role.DEPICTED_PERSON)
    person = persons_of(user).filter(pk=person_id).first()
    if person is None:
        raise NotFound(f"There is no person {person_id}.")
    guardianship_lock(user, person)
    return person


def check_trait_is_own(user: User, trait: Trait) -> None:
    """Raise unless ``trait`` is the face or voice of the acting user or of whom they act for.

    The guardianship is locked: its end waits for the transaction, or is seen here.

    Raises:
        NotPermitted: it is somebody else's.
    """
    if acts_for(user, trait.person):
        guardianship_lock(user, trait.person)
        return
    if isinstance(trait, Likeness):
        raise NotPermitted(
            "Only the depicted person decides about their likeness.",
            code="not-the-depicted-person",
            remedy="Ask the depicted person to do this in their own account.",
        )
    raise NotPermitted(
        "Only the person who speaks decides about their voice.",
        code="not-the-speaker",
        remedy="Ask the person who speaks to do this in their own account.",
    )

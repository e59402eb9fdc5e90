"""The person behind an account, and what is theirs alone to decide."""

from django.db import transaction

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import NotPermitted
from rakkan.likenesses.classes import PersonClass
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
        event_record(EventName.PERSON_ADDED, actor=actor, subject=subject)
    return person


def check_trait_is_own(user: User, trait: Trait) -> None:
    """Raise unless ``trait`` is the acting user's face or voice.

    Raises:
        NotPermitted: it is somebody else's.
    """
    if trait.person.user_id == user.pk:
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

"""Who acts for a person: they themself, or a guardian whose evidence a reviewer has verified."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.core.errors import NotFound, NotPermitted
from rakkan.likenesses.classes import RELATIONS, PersonClass
from rakkan.likenesses.models import Guardianship, Person


def guardianships_live(at: datetime | None = None) -> QuerySet[Guardianship]:
    """Return the guardianships that count: verified, within their term, not ended."""
    moment = at or timezone.now()
    return Guardianship.objects.filter(
        decision__verified=True, decision__valid_until__gt=moment, end=None
    )


def persons_of(user: User) -> QuerySet[Person]:
    """Return the persons a user acts for at this moment: themself, and those they represent."""
    represented = guardianships_live().filter(guardian=user).values("person")
    return Person.objects.filter(Q(user=user) | Q(pk__in=represented))


def persons_ever_of(user: User) -> QuerySet[Person]:
    """Return the persons on whose side a user is for good: see :func:`ever_acted_for`."""
    claimed = Guardianship.objects.filter(guardian=user).values("person")
    return Person.objects.filter(Q(user=user) | Q(pk__in=claimed))


def acts_for(user: User, person: Person) -> bool:
    """Say whether a user acts for a person at this moment."""
    return persons_of(user).filter(pk=person.pk).exists()


def sides_of(person_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Return the accounts on each of these persons' sides for good: see :func:`ever_acted_for`."""
    found: dict[UUID, set[UUID]] = {pk: set() for pk in person_ids}
    own = Person.objects.filter(pk__in=found, user__isnull=False).values_list("pk", "user")
    claimed = Guardianship.objects.filter(person__in=found).values_list("person", "guardian")
    for person, user in [*own, *claimed]:
        found[person].add(user)
    return found


def ever_acted_for(user: User, person: Person) -> bool:
    """Say whether a user is the person, or ever said that they act for them.

    Whoever did is on the person's side of a request for good: neither its requester nor approver.
    """
    return persons_ever_of(user).filter(pk=person.pk).exists()


def check_acts_alone(person: Person) -> None:
    """Raise if the law lets nobody of this class decide alone.

    No such person has an account (a constraint); a row that has one all the same decides nothing.

    Raises:
        NotPermitted: it is a minor's, or a deceased person's.
    """
    if PersonClass(person.person_class) in RELATIONS:
        raise NotPermitted(
            "A minor does not decide about this alone.",
            code="not-alone",
            remedy="A parent or legal guardian decides, in an account of their own.",
        )


def guardianship_lock(user: User, person: Person) -> Guardianship | None:
    """Return by which guardianship a user acts for a person, locked; None if it is themself.

    Its end waits for the transaction, or is seen here.

    Raises:
        NotPermitted: they do not act for the person, or are one who does not act alone.
    """
    if person.user_id == user.pk:
        check_acts_alone(person)
        return None
    rows = Guardianship.objects.filter(person=person, guardian=user)
    list(rows.select_for_update().values_list("pk", flat=True))
    found = guardianships_live().filter(person=person, guardian=user)
    longest = found.select_related("decision").order_by("-decision__valid_until").first()
    if longest is None:
        raise NotPermitted(
            "Only the person, or who acts for them, decides about this.",
            code="not-acting-for-the-person",
            remedy="Ask them to do it in their own account.",
        )
    return longest


def _shown() -> QuerySet[Guardianship]:
    return Guardianship.objects.select_related("person", "guardian", "decision", "end")


def guardianships_of(user: User) -> QuerySet[Guardianship]:
    """Return one's own guardianships, whatever became of them."""
    return _shown().filter(guardian=user)


def guardianships_visible(user: User) -> QuerySet[Guardianship]:
    """Return one's own guardianships; a reviewer sees all of the organisation."""
    if Role.IDENTITY_REVIEWER in user_roles(user):
        return _shown().filter(person__organisation=user.organisation_id)
    return guardianships_of(user)


def guardianships_to_review(user: User) -> QuerySet[Guardianship]:
    """Return what waits for this reviewer, oldest first, without their own side's."""
    waiting = guardianships_visible(user).filter(decision=None, end=None)
    own = persons_ever_of(user).values("pk")
    return waiting.exclude(person__in=own).order_by("submitted_at")


def guardianship_get(user: User, guardianship_id: UUID | str) -> Guardianship:
    """Return one visible guardianship.

    Raises:
        NotFound: there is none of that id for this user.
    """
    found = guardianships_visible(user).filter(pk=guardianship_id).first()
    if found is None:
        raise NotFound(f"There is no guardianship {guardianship_id}.")
    return found

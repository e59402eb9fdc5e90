"""What a story is told of: a person, an account or a production of the organisation."""

from dataclasses import dataclass
from uuid import UUID

from rakkan.accounts.models import User
from rakkan.core.errors import NotFound
from rakkan.likenesses.models import Person
from rakkan.productions.models import Production


@dataclass(frozen=True, slots=True)
class Thing:
    """Whom or what a story is of.

    Attributes:
        kind: ``person`` or ``production``: the condition of a filter.
        id: of the row.
        title: a name or a title.
    """

    kind: str
    id: UUID
    title: str


def thing_of(organisation_id: str, about_id: UUID) -> Thing:
    """Return who or what has this id.

    Raises:
        NotFound: nobody and nothing in this organisation.
    """
    organisation = UUID(organisation_id)
    production = Production.objects.filter(pk=about_id, organisation=organisation).first()
    if production is not None:
        return Thing("production", about_id, str(production.title))
    person = Person.objects.filter(pk=about_id, organisation=organisation).first()
    if person is not None:
        return Thing("person", about_id, person.name)
    user = User.objects.filter(pk=about_id, organisation=organisation).first()
    if user is not None:
        return Thing("person", about_id, user.name)
    raise NotFound(f"There is no person and no production {about_id}.")

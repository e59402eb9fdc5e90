"""Whoever asked to be erased, or whose erasure was asked for, gives no consent any more."""

from rakkan.core.errors import Refused
from rakkan.likenesses.models import Person


def check_not_leaving(person: Person) -> None:
    """Raise if the erasure of a person was asked for; the person stays locked.

    One that is asked for meanwhile waits for the caller's transaction, or is seen here, so that it
    withdraws whatever was given.

    Raises:
        Refused: it was asked for.
    """
    locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if hasattr(locked, "erasure"):  # a row of the app lifecycle, which stands above this one
        raise Refused(
            "The erasure of this person was asked for: nothing is consented to any more.",
            code="erasure-asked",
            remedy="Whoever wants to appear again comes back in a new account afterwards.",
        )

"""Who is meant, and who it was: accounts of an organisation, for its auditors."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from rakkan.accounts.models import User
from rakkan.audit.models import Event
from rakkan.core.errors import NotFound


def account_id(organisation_id: str, text: str) -> str:
    """Return the id that somebody typed, or of the account whose address or name it is.

    Raises:
        NotFound: no account has it, or several do.
    """
    try:
        return str(UUID(text))
    except ValueError:
        pass
    named = Q(email__iexact=text) | Q(name__iexact=text)
    found = list(User.objects.filter(named, organisation=UUID(organisation_id))[:2])
    if len(found) != 1:
        raise NotFound(
            "No single account has this name or address.",
            code="account-unknown",
            remedy="Use the address of the account, or the id of the person.",
        )
    return str(found[0].pk)


def actors_named(organisation_id: str, events: list[Event]) -> list[Event]:
    """Give each event the name of whoever acted, where it is somebody of the organisation."""
    names = names_of(organisation_id, {event.actor_id for event in events})
    for event in events:
        event.actor_name = names.get(event.actor_id, "")  # type: ignore[attr-defined]
    return events


def names_of(organisation_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of these accounts that are of the organisation, by id."""
    wanted = {one for one in ids if not one.startswith("system:")}
    known = {str(one) for one in _uuids(wanted)}
    rows = User.objects.filter(pk__in=known, organisation=UUID(organisation_id))
    return {str(user.pk): user.name for user in rows}


def _uuids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue

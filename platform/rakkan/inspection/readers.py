"""Who looked at a person's data, for that person."""

from rakkan.accounts.models import User
from rakkan.audit.models import Event
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.search import events_found
from rakkan.likenesses.guardians import persons_of

_SHOWN = 30
# Of a legal hold its person may not be told: neither that there is one, nor that it was read.
_UNTOLD = "legal_hold"


def readings_of(user: User) -> list[Event]:
    """Return the newest events that say that somebody was shown data of whom the user acts for.

    Role and moment are for the person; which colleague it was stays in the log.
    """
    found: dict[object, Event] = {}
    for person in persons_of(user):
        asked = LogFilter(shown=str(person.pk))
        page = events_found(str(user.organisation_id), asked, limit=_SHOWN)
        found |= {event.pk: event for event in page.events if event.object_type != _UNTOLD}
    return sorted(found.values(), key=lambda event: event.occurred_at, reverse=True)[:_SHOWN]

"""Find events: by the index, a page at a time, in the time of the page and not of the log.

Pages are keyset pages: a cursor names the moment and number of the last event shown, so that a
page stays what it was however many events arrive, and the last page costs what the first does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from rakkan.audit.models import Event
from rakkan.audit.selectors import events_numbered
from rakkan.core.errors import BadInput
from rakkan.inspection.filters import LogFilter

# Newest events that are looked at one by one before the index of terms is asked: whatever is
# frequent is found among them, and for what is not the index has few.
NEAR = 2_000
_CURSOR = re.compile(r"([on])([0-9]{1,17})-([0-9]{1,18})")
_EPOCH = datetime.fromtimestamp(0, UTC)

_WALK = """
SELECT * FROM inspection_walk(
    %(organisation)s, %(terms)s::bigint[], %(since)s::timestamptz, %(until)s::timestamptz,
    %(at)s::timestamptz, %(number)s, %(ascending)s, %(near)s, %(limit)s)
"""
_INDEX = """
SELECT * FROM inspection_look_up(
    %(organisation)s, %(terms)s::bigint[], %(since)s::timestamptz, %(until)s::timestamptz,
    %(at)s::timestamptz, %(number)s, %(ascending)s, %(limit)s)
"""
_LAST = (1 << 63) - 1  # no event has this number


@dataclass(frozen=True, slots=True)
class Found:
    """One page of events.

    Attributes:
        events: each with its leaf, in the order asked for.
        back: the cursor of the page before this one; empty if this is the first.
        on: the cursor of the page after it; empty if there is none.
    """

    events: list[Event]
    back: str
    on: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: behind this event, towards later pages or back."""

    moment: datetime
    sequence: int
    back: bool


def events_found(
    organisation_id: str,
    asked: LogFilter,
    *,
    cursor: str = "",
    limit: int = 50,
    oldest_first: bool = False,
) -> Found:
    """Return a page of an organisation's events that meet every condition.

    Args:
        organisation_id: whose log it is; PostgreSQL shows the events of no other.
        asked: the conditions.
        cursor: of an earlier answer; empty for the first page.
        limit: events on a page.
        oldest_first: or else the newest come first.

    Raises:
        BadInput: the cursor is none of ours.
    """
    place = _place(cursor)
    back = place is not None and place.back
    ascending = oldest_first != back
    numbers = _numbers(organisation_id, asked, place, ascending, limit + 1)
    more, numbers = len(numbers) > limit, numbers[:limit]
    events = events_numbered(numbers)
    if back:
        events.reverse()
    first, last = (events[0], events[-1]) if events else (None, None)
    earlier = more if back else place is not None
    later = place is not None if back else more
    return Found(
        events,
        _cursor(first, "n") if first and earlier else "",
        _cursor(last, "o") if last and later else "",
    )


def _numbers(
    organisation_id: str, asked: LogFilter, place: _Place | None, ascending: bool, limit: int
) -> list[int]:
    """Return the numbers of the events of a page."""
    terms = asked.terms(organisation_id)
    beyond = ("-infinity", -1) if ascending else ("infinity", _LAST)
    values = {
        "organisation": organisation_id,
        "terms": terms,
        "since": asked.since or "-infinity",
        "until": asked.until or "infinity",
        "at": place.moment if place else beyond[0],
        "number": place.sequence if place else beyond[1],
        "ascending": ascending,
        "near": NEAR if terms else limit,
        "limit": limit,
    }
    found = _ask(_WALK, values)
    if terms and len(found) < limit:
        found = _ask(_INDEX, values)
    return found


def _ask(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [number for (number,) in cursor.fetchall()]


def _cursor(event: Event, direction: str) -> str:
    since = (event.occurred_at - _EPOCH) // timedelta(microseconds=1)
    return f"{direction}{since}-{event.leaf.sequence}"


def _place(cursor: str) -> _Place | None:
    if not cursor:
        return None
    matched = _CURSOR.fullmatch(cursor)
    try:
        if matched is None:
            raise ValueError(cursor)
        moment = _EPOCH + timedelta(microseconds=int(matched[2]))
    except (ValueError, OverflowError) as error:
        raise BadInput(
            "The cursor is none of ours.",
            code="cursor-invalid",
            remedy="Follow the links in next and previous, or start without a cursor.",
        ) from error
    return _Place(moment, int(matched[3]), matched[1] == "n")

"""Read the log: who looked at it, and for what, is in it too."""

import re

from django.db import transaction

from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.search import Found, events_found

_IS_AN_ID = re.compile(r"[0-9a-f-]{16,64}|[a-z_]+([.:][a-z_]+)*")  # what else is typed is not kept
_KEPT = ("since", "until")


@transaction.atomic
def log_read(
    *, actor: Actor, asked: LogFilter, cursor: str = "", limit: int = 50, oldest_first: bool = False
) -> Found:
    """Note that ``actor`` reads the log and return a page of their organisation's events.

    Args:
        actor: an auditor; the caller has checked the role.
        asked: which events.
        cursor: of an earlier page.
        limit: events on a page.
        oldest_first: or else the newest come first.

    Raises:
        BadInput: the cursor is none of ours.
    """
    found = events_found(
        actor.organisation_id, asked, cursor=cursor, limit=limit, oldest_first=oldest_first
    )
    subject = Subject("log", actor.organisation_id)
    event_record(EventName.LOG_READ, actor=actor, subject=subject, data={"filters": told_of(asked)})
    return found


def told_of(asked: LogFilter) -> dict[str, str]:
    """Return a filter as an event may keep it: ids, names and moments, no words of people."""
    return {
        key: value if key in _KEPT or _IS_AN_ID.fullmatch(value) else ""
        for key, value in asked.told().items()
        if key != "text"
    } | ({"text": ""} if asked.text else {})

"""Read the log: who looked at it is in it too."""

import re

from django.db import transaction
from django.db.models import QuerySet

from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_of
from rakkan.audit.services.record import Actor, Subject, event_record

_IS_AN_ID = re.compile(r"[0-9a-f-]{16,64}|[a-z_]+(\.[a-z_]+)+")  # what else is typed is not kept


@transaction.atomic
def log_read(*, actor: Actor, filters: dict[str, str]) -> QuerySet[Event]:
    """Note that ``actor`` reads the log and return their organisation's events, newest first.

    Args:
        actor: an auditor; the caller has checked the role.
        filters: what was asked for; ``name`` and ``object`` narrow the events.
    """
    rows = events_of(actor.organisation_id)
    if filters.get("name"):
        rows = rows.filter(name=filters["name"])
    if filters.get("object"):
        rows = rows.filter(object_id=filters["object"].strip())
    subject = Subject("log", actor.organisation_id)
    told = {key: value if _IS_AN_ID.fullmatch(value) else "" for key, value in filters.items()}
    event_record(EventName.LOG_READ, actor=actor, subject=subject, data={"filters": told})
    return rows

"""What this app does: write events, number them, show them to auditors."""

from rakkan.audit.services.read import log_read
from rakkan.audit.services.record import (
    Actor,
    Subject,
    event_record,
    events_record,
    refusal_recorded,
    system,
)
from rakkan.audit.services.sequence import events_sequence

__all__ = [
    "Actor",
    "Subject",
    "event_record",
    "events_record",
    "events_sequence",
    "log_read",
    "refusal_recorded",
    "system",
]

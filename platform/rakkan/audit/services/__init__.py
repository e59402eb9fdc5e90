"""What this app does: write events, number them."""

from rakkan.audit.services.record import (
    Actor,
    Subject,
    event_record,
    refusal_recorded,
    system,
)
from rakkan.audit.services.sequence import events_sequence

__all__ = ["Actor", "Subject", "event_record", "events_sequence", "refusal_recorded", "system"]

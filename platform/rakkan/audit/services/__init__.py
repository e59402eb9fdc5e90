"""What this app does: write events, number them, publish and prove them."""

from rakkan.audit.columns import told
from rakkan.audit.services.months import months_make
from rakkan.audit.services.prove import event_proof
from rakkan.audit.services.publish import (
    checkpoint_note,
    checkpoint_publish,
    log_advance,
    newest_checkpoint,
)
from rakkan.audit.services.record import (
    Actor,
    Subject,
    event_record,
    events_record,
    refusal_recorded,
    system,
)
from rakkan.audit.services.sequence import LogUnsound, events_sequence

__all__ = [
    "Actor",
    "LogUnsound",
    "Subject",
    "checkpoint_note",
    "checkpoint_publish",
    "event_proof",
    "event_record",
    "events_record",
    "events_sequence",
    "log_advance",
    "months_make",
    "newest_checkpoint",
    "refusal_recorded",
    "system",
    "told",
]

"""What this app does: write events, number them, publish and prove them."""

from rakkan.audit.columns import told
from rakkan.audit.services.check import log_findings, self_check_record
from rakkan.audit.services.months import months_make, months_mend
from rakkan.audit.services.prove import event_proof
from rakkan.audit.services.publish import (
    checkpoint_note,
    checkpoint_publish,
    log_advance,
    log_file,
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
from rakkan.audit.services.vouch import checkpoint_vouch

__all__ = [
    "Actor",
    "LogUnsound",
    "Subject",
    "checkpoint_note",
    "checkpoint_publish",
    "checkpoint_vouch",
    "event_proof",
    "event_record",
    "events_record",
    "events_sequence",
    "log_advance",
    "log_file",
    "log_findings",
    "months_make",
    "months_mend",
    "newest_checkpoint",
    "refusal_recorded",
    "self_check_record",
    "system",
    "told",
]

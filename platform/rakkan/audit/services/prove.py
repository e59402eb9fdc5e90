"""The proof of one event, for whoever is to check it offline."""

from compliance.errors import LedgerInvalid
from compliance.ledger import LogProof
from rakkan.audit.log import log_store
from rakkan.audit.models import Checkpoint, Event
from rakkan.audit.services.publish import checkpoint_note, newest_note
from rakkan.audit.services.sequence import LogUnsound


def event_proof(event: Event, checkpoint: Checkpoint | None = None) -> LogProof | None:
    """Return the proof that the log holds an event, with the event itself in it.

    Args:
        event: any.
        checkpoint: the one to prove it by; the newest if none is given.

    Returns:
        None as long as no checkpoint covers the event.

    Raises:
        LogUnsound: the stored tiles are not those of the checkpoint.
    """
    leaf = getattr(event, "leaf", None)
    found = (checkpoint.size, checkpoint_note(checkpoint)) if checkpoint else newest_note()
    if leaf is None or found is None or leaf.sequence >= found[0]:
        return None
    try:
        return LogProof.make(log_store().read, found[1], leaf.sequence, event.canonical.encode())
    except LedgerInvalid as error:
        raise LogUnsound(
            f"Event {leaf.sequence} cannot be proven: {error}",
            remedy="Restore the log's files; `python -m compliance log` says what is wrong.",
        ) from error

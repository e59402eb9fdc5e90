"""Give events their place in the log: one at a time, in batches, safe to kill at any point."""

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from compliance.ledger import leaf_hash
from rakkan.audit.models import Event, Leaf

_LOCK = 0x52414B4B  # any constant: the name of the sequencer's advisory lock
BATCH = 1_000


@transaction.atomic
def events_sequence() -> int:
    """Number the events that have no number yet, as they were written, and return how many.

    An event that tells what came of another one is written after it, whatever their times say.
    A second sequencer finds the lock taken and returns 0. Numbers and hashes are written in one
    transaction, so a killed sequencer leaves nothing behind.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = Leaf.objects.aggregate(last=Max("sequence"))["last"]
    first = 0 if last is None else last + 1
    events = list(Event.objects.filter(leaf=None).order_by("written")[:BATCH])
    now = timezone.now()
    for sequence, event in enumerate(events, start=first):  # one by one: the trigger counts rows
        Leaf.objects.create(
            sequence=sequence,
            event=event,
            leaf_hash=leaf_hash(event.canonical.encode()),
            sequenced_at=now,
        )
    return len(events)

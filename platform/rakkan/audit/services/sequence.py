"""Give events their place in the log: one sequencer at a time, in batches, safe to kill (0066).

What is decided is decided in the database: an event has the number of its committed row, and tiles,
bundles and checkpoints (:mod:`rakkan.audit.services.publish`) follow from those rows alone. So
whoever goes on after a kill makes the same bytes again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from rakkan.audit.models import Leaf, SelfCheck
from rakkan.core.errors import Damaged

_LOCK = 0x52414B4B  # any constant: the name of the sequencer's advisory lock
BATCH = 5_000  # events of one transaction
AT_ONCE = 100_000  # events of one run, before its checkpoint is due

# As they were written, whatever their times say: clocks go back. What commits late gets a later
# number, and auditors allow for that (`--tolerance`). LATERAL ... OFFSET 0: one look into one
# partition for each event, whatever the planner believes about a queue that is always changing.
_NUMBER = r"""
INSERT INTO audit_leaf (sequence, event_id, occurred_at, leaf_hash, sequenced_at)
SELECT %(first)s + row_number() OVER (ORDER BY w.written, w.event_id) - 1,
       w.event_id, w.occurred_at,
       sha256('\x00'::bytea || convert_to(e.canonical, 'UTF8')), %(now)s
FROM (
    SELECT event_id, occurred_at, written FROM audit_waiting
    ORDER BY written, event_id LIMIT %(batch)s
) w
LEFT JOIN LATERAL (
    SELECT canonical FROM audit_event
    WHERE id = w.event_id AND occurred_at = w.occurred_at OFFSET 0
) e ON true
"""
_NO_LONGER_WAITING = """
DELETE FROM audit_waiting w USING audit_leaf l
WHERE l.sequence >= %(first)s AND l.event_id = w.event_id
"""


class LogUnsound(Damaged):
    """The log, or a wall around it, is not as it must be: nothing is added to it."""

    code = "log-unsound"


def events_sequence() -> int:
    """Number the events that have no number yet, as they were written, and return how many.

    Where another sequencer is at work it is left alone, and the answer is 0.

    Raises:
        LogUnsound: the last self-check failed, or an event that waits is gone.
    """
    with only_sequencer() as alone:
        return events_number() if alone else 0


def events_number() -> int:
    """Number what waits, at most :data:`AT_ONCE`; the caller is the only sequencer.

    Raises:
        LogUnsound: as :func:`events_sequence`.
    """
    check_sound()
    numbered = 0
    while numbered < AT_ONCE:
        fresh = _batch()
        numbered += fresh
        if fresh < BATCH:
            break
    return numbered


def check_sound() -> None:
    """Make sure that the last self-check found nothing.

    Raises:
        LogUnsound: it did; the log stands still until one passes.
    """
    last = SelfCheck.objects.order_by("-made_at").first()
    if last is not None and last.findings:
        raise LogUnsound(
            f"The self-check found: {' '.join(last.findings)}",
            remedy="Find out who changed it; when all is as declared, the next self-check passes "
            "and the log goes on.",
        )


@contextmanager
def only_sequencer() -> Iterator[bool]:
    """Be the only sequencer within the block, or be told that there is one already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            _unlock()


def _unlock() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    except Error:
        # The session is broken, or about to be rolled back as a whole; it must not keep the lock.
        if not connection.in_atomic_block:
            connection.close()


@transaction.atomic
def _batch() -> int:
    with connection.cursor() as cursor:
        # A number that was given is never given again, whatever the server is set to.
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute("SELECT COALESCE(MAX(sequence) + 1, 0) FROM audit_leaf")
        (first,) = cursor.fetchone()
        values = {"first": first, "now": timezone.now(), "batch": BATCH}
        try:
            cursor.execute(_NUMBER, values)
        except IntegrityError as error:
            raise LogUnsound(
                "An event that waits for its number is gone or damaged.",
                remedy="Compare audit_waiting with audit_event; restore the event from a backup.",
            ) from error
        numbered = cursor.rowcount
        if numbered:
            cursor.execute(_NO_LONGER_WAITING, values)
            if cursor.rowcount != numbered:
                raise LogUnsound("The queue of events and their numbers do not agree.")
        return int(numbered)


def leaves_count() -> int:
    """Return how many events have a number."""
    last = Leaf.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    return 0 if last is None else last + 1

"""Keep the index of the log up: what got a number since is put in, in the order of the log."""

from django.db import connection, transaction

from rakkan.audit.selectors import leaves_after
from rakkan.inspection.concerns import concerns_of
from rakkan.inspection.models import Posting
from rakkan.inspection.terms import event_terms, whose

_LOCK = 0x52414B49  # any constant: the name of the indexer's advisory lock
BATCH = 1_000
AT_ONCE = 5_000  # events of one run: the clerk has other work, the sequencer's before all


def index_update() -> int:
    """Index what was numbered since, :data:`AT_ONCE` events at most, and return how many."""
    done = 0
    while done < AT_ONCE and (count := _next_batch()):
        done += count
    return done


@transaction.atomic
def _next_batch() -> int:
    """Index up to a batch of events; whoever comes second finds the lock taken and returns 0.

    All of a batch is written or nothing, and numbers have no gaps: none is left out, none is in
    twice, whenever a process dies.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    leaves = leaves_after(indexed() - 1, BATCH)
    events = [leaf.event for leaf in leaves]
    rows = [
        Posting(
            sequence=leaf.sequence,
            whose=whose(event.organisation_id),
            occurred_at=event.occurred_at,
            terms=event_terms(event, about=concern.about, shown=concern.shown),
        )
        for leaf, event, concern in zip(leaves, events, concerns_of(events), strict=True)
    ]
    Posting.objects.bulk_create(rows)
    return len(rows)


def indexed() -> int:
    """Return the number that the next event in the index will have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inspection_indexed()")
        return int(cursor.fetchone()[0])

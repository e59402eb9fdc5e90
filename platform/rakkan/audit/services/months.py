"""Make the partitions of months to come; mend what was taken from those that are there."""

from django.db import connection
from django.db.backends.utils import CursorWrapper

AHEAD = 12  # months; 0005 begins with as many

_WALLS = """
SELECT audit_partition_wall(inhrelid::regclass) FROM pg_inherits
WHERE inhparent = 'audit_event'::regclass
"""
# Written while the trigger that queues events was away; the log tells them late rather than never.
_QUEUE_AGAIN = """
INSERT INTO audit_waiting (event_id, occurred_at, written)
SELECT e.id, e.occurred_at, e.written FROM audit_event e
WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM audit_waiting w WHERE w.event_id = e.id)
"""


def months_make(cursor: CursorWrapper | None = None) -> int:
    """Make the partitions of this month and the next :data:`AHEAD`; return how many were missing.

    Works with the rights of the tables' owner, whoever calls it. It waits at most three seconds for
    readers to let it in; there is time for another try.
    """
    if cursor is None:
        with connection.cursor() as own:
            return months_make(own)
    cursor.execute("SELECT audit_months_make(%s)", [AHEAD])
    return int(cursor.fetchone()[0])


def months_mend(cursor: CursorWrapper) -> int:
    """As the owner of the tables: give every month its walls again, and queue what was not.

    ``manage.py pgtrigger install`` takes triggers away that it does not know, those of the months
    among them.

    Returns:
        how many events neither had a number nor waited for one.
    """
    cursor.execute(_WALLS)
    cursor.execute(_QUEUE_AGAIN)
    return int(cursor.rowcount)

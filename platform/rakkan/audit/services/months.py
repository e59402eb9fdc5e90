"""Make the partitions of months to come."""

from django.db import connection
from django.db.backends.utils import CursorWrapper

AHEAD = 12  # months; 0004 begins with as many


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

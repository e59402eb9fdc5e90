"""One sealing process a production: a lock that dies with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

_SEAL = 0x5EA1  # any constant: the name space of these locks


@contextmanager
def seal_lock(production_id: UUID) -> Iterator[bool]:
    """Hold the advisory lock of a production; yields False where somebody else has it.

    The lock belongs to the database session: a killed worker's session ends and frees it.
    """
    key = production_id.int & 0x7FFFFFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SEAL, key])
        held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SEAL, key])

"""The cache in PostgreSQL: its keys tell nothing, and what ran out goes."""

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from psycopg import sql


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """Return what is stored as a key: packages put network addresses into theirs.

    With a secret, because there are few enough addresses to try them all.
    """
    whole = f"{key_prefix}:{version}:{key}"
    return salted_hmac("rakkan cache", whole, algorithm="sha256").hexdigest()


def cache_forget() -> int:
    """Delete what ran out and return how much that was; Django waits until the table is full."""
    table = sql.Identifier(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        statement = sql.SQL("DELETE FROM {t} WHERE expires < %s").format(t=table)
        cursor.execute(statement, [timezone.now()])
        return int(cursor.rowcount)

"""Keeps a variable of the database session equal to the scope of the work at hand.

The variable is compared before each statement, not set at the ends of a request: a connection that
is kept, pooled or was left behind by a request that died says nothing about the next one. What a
session was told is forgotten whenever PostgreSQL may have taken it back, which a rollback does.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base

from rakkan.core import tenancy

_TELL = f"SELECT set_config('{tenancy.SETTING}', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that says whose it is before it asks for anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have a look before each statement."""
        super().__init__(*args, **kwargs)
        self._told: str | None = None  # what the session was told; None: not known
        self.execute_wrappers.append(self._tell_first)

    def connect(self) -> None:
        """Connect; a pooled session may have been somebody else's."""
        self._told = None
        super().connect()

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()  # type: ignore[misc]  # the stubs leave out what has an underscore

    def _savepoint_rollback(self, sid: str) -> None:
        # After an error PostgreSQL takes nothing but this statement: it goes out alone.
        self.execute_wrappers.remove(self._tell_first)
        try:
            super()._savepoint_rollback(sid)  # type: ignore[misc]  # as above
        finally:
            self._told = None
            self.execute_wrappers.append(self._tell_first)

    def _tell_first(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        wanted = tenancy.scope()
        if wanted != self._told:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(_TELL, [wanted])
            self._told = wanted
        return execute(sql, params, many, context)

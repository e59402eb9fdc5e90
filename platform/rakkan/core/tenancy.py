"""Whose rows the work at hand may see: PostgreSQL's second wall between organisations.

Every query tells the database a scope: one organisation, the whole system, or nobody. Row-level
security (:mod:`rakkan.config.row_security`) shows and takes the rows of that scope alone. Nothing
declared means nobody, and nobody sees no row: a forgotten declaration fails closed.

- A request is nobody's until it is known whose it is, and its organisation's from then on.
- Workers, schedulers and management commands declare themselves system as they start.
- Inside a request :func:`as_system` is for what serves no organisation in particular: sign-in,
  sessions, the workers' door, the public status of an asset.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SETTING = "rakkan.organisation"  # the variable of a database session that policies ask
NOBODY = "nobody"
SYSTEM = "system"

_process = NOBODY
_current: ContextVar[str | None] = ContextVar("tenant_scope", default=None)


@dataclass(frozen=True, slots=True)
class Own:
    """A table whose rows name their organisation themselves.

    Attributes:
        column: that holds its id.
    """

    column: str = "organisation_id"


@dataclass(frozen=True, slots=True)
class Through:
    """A table whose rows belong to the organisation of the row they hang on.

    Attributes:
        field: the foreign key (or plain id) that names that row.
        model: its label, where ``field`` is no foreign key.
    """

    field: str
    model: str = ""


def scope() -> str:
    """Return the scope of the work at hand: an organisation's id, SYSTEM or NOBODY."""
    return _current.get() or _process


def process_is_system() -> None:
    """Declare that this whole process works for the system: a worker, a management command."""
    global _process
    _process = SYSTEM


@contextmanager
def as_nobody() -> Iterator[None]:
    """See nothing: how a request begins."""
    with _as(NOBODY):
        yield


@contextmanager
def as_system() -> Iterator[None]:
    """Work for the system within the block; who calls this is listed in tests/architecture."""
    with _as(SYSTEM):
        yield


@contextmanager
def as_organisation(organisation_id: object) -> Iterator[None]:
    """Work for one organisation within the block."""
    with _as(str(organisation_id)):
        yield


def serve_organisation(organisation_id: object) -> None:
    """Go on for one organisation until the block (the request) around this ends.

    Without a block around it, in a process of the system, there is nothing to narrow.
    """
    if _current.get() is not None:
        _current.set(str(organisation_id))


def serve_system() -> None:
    """Go on for the system until the block (the request) around this ends."""
    if _current.get() is not None:
        _current.set(SYSTEM)


@contextmanager
def _as(value: str) -> Iterator[None]:
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)

"""Which sign-in the work at hand comes from: the session of one browser, or one token.

A confirmation counts for the sign-in that it was made in. Its name is random and opens nothing: of
a session it lies in the session's data, of a token it is how the token begins. Outside of a request
there is none: management commands and workers sign in nowhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from secrets import token_hex

from django.contrib.sessions.backends.base import SessionBase

TOKEN_NAME = 10  # characters
_KEY = "rakkan.sign_in"

_current: ContextVar[Callable[[], str] | None] = ContextVar("sign_in", default=None)


def sign_in() -> str:
    """Return the name of the sign-in at hand; empty outside of a request."""
    name_of = _current.get()
    return name_of() if name_of else ""


@contextmanager
def in_session(session: SessionBase) -> Iterator[None]:
    """Work for a browser's session within the block; it is given a name once one is asked for."""
    kept = _current.set(partial(_name_of, session))
    try:
        yield
    finally:
        _current.reset(kept)


def serve_token(token_key: str) -> None:
    """Go on for the token that begins like this, until the block (the request) around this ends."""
    if _current.get() is not None:
        _current.set(lambda: f"token:{token_key[:TOKEN_NAME]}")


def token_name() -> str:
    """Return how a new token is to begin."""
    return token_hex(TOKEN_NAME // 2)


def _name_of(session: SessionBase) -> str:
    if _KEY not in session:
        session[_KEY] = token_hex(16)
    return f"session:{session[_KEY]}"

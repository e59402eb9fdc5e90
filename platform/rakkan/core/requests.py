"""The id of the HTTP request (or task) at work, so that every audit event can name it."""

from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request at work, or an empty string outside one."""
    return _current.get()


def request_id_start() -> str:
    """Begin a new unit of work and return its id."""
    value = uuid4().hex
    _current.set(value)
    return value


class RequestIdMiddleware:
    """Give each request an id of ours (a caller's own is not trusted) and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        value = request_id_start()
        response = self.get_response(request)
        response["X-Request-Id"] = value
        return response

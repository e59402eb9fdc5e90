"""How often somebody may try: the same count in every process (0041)."""

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from rakkan.core.errors import Refused

_RATES = {
    "code": "5/5m/key",  # a second factor, by account
    "confirm": "30/m/ip",  # from one address, whoever it says it is
    "resolve": "120/m/ip",  # soft bindings that are looked up
    "verify": "20/m/ip",  # files that are looked at
}
_APP = "rakkan.accounts"


class TooManyAttempts(Refused):
    """Tried too often."""

    code = "too-many-attempts"
    status = 429

    def __init__(self) -> None:
        """Say so, and what to do."""
        super().__init__(
            "There were too many attempts.", remedy="Wait five minutes, then try again."
        )


def attempt_count(action: str, *, key: str) -> None:
    """Count one attempt.

    Raises:
        TooManyAttempts: there were too many before; this one is not looked at.
    """
    if not ratelimit.consume(_any_post(), app=_APP, action=action, config=_RATES, key=key):
        raise TooManyAttempts


def attempts_forget(action: str, *, key: str) -> None:
    """Forget the attempts of somebody who has got it right."""
    ratelimit.clear(_any_post(), app=_APP, action=action, config=_RATES, key=key)


def attempt_from(request: HttpRequest, action: str) -> None:
    """Count one attempt from the address of this request; raises as :func:`attempt_count`."""
    if not ratelimit.consume(request, app=_APP, action=action, config=_RATES):
        raise TooManyAttempts


def _any_post() -> HttpRequest:
    """Return the request allauth wants to see the method of; what is counted is the key."""
    request = HttpRequest()
    request.method = "POST"
    return request

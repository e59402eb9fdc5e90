"""Who must set up a second factor first is led there, whatever page they open."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rakkan.accounts.factors import must_set_up_a_factor
from rakkan.accounts.models import User

_OPEN = frozenset(
    {
        *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes"),
        *("confirm", "sign-out", "account_change_password", "set_language", "status", "verify"),
    }
)


class SecondFactorMiddleware:
    """For the site's sessions; the API asks the same by its permissions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object, **__: object) -> HttpResponse | None:
        """Lead whoever lacks a factor to the page where one is set up."""
        found = request.resolver_match
        if found is not None and found.url_name in _OPEN:
            return None
        if isinstance(request.user, User) and must_set_up_a_factor(request.user):
            return redirect("mfa_index")
        return None

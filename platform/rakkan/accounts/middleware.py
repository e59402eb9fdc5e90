"""Each request sees the rows of the organisation of whoever is signed in, and no others.

It also knows which sign-in it comes from.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from rakkan.accounts.sign_in import in_session
from rakkan.core import tenancy


class TenantMiddleware:
    """Begin as nobody; find out whose session it is; go on as that organisation."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request; whatever becomes of it, its scope ends with it."""
        with tenancy.as_nobody(), in_session(request.session):
            with tenancy.as_system():  # the account of a session is looked for among all accounts
                user = request.user if request.user.is_authenticated else None
            if user is not None:
                tenancy.serve_organisation(user.organisation_id)
            return self.get_response(request)

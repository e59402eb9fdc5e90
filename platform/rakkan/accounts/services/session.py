"""Sign in: the same for the site and the API."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded, system
from rakkan.core.errors import NotPermitted
from rakkan.core.tenancy import as_system, serve_organisation


def session_start(request: HttpRequest, *, email: str, password: str) -> User:
    """Return the user of these credentials; the rest of the request is their organisation's.

    Raises:
        NotPermitted: they are wrong; which half is not told.
    """
    subject = Subject("session", "")
    with (
        as_system(),  # nobody is known yet
        refusal_recorded(EventName.SESSION_REFUSED, actor=system("sign-in"), subject=subject),
    ):
        user = authenticate(request, username=email.strip().lower(), password=password)
        if not isinstance(user, User):
            raise NotPermitted(
                "E-mail address or password is wrong.",
                code="credentials-wrong",
                remedy="Check both and try again.",
                status=401,
            )
        event_record(EventName.SESSION_STARTED, actor=user_actor(user), subject=subject)
    serve_organisation(user.organisation_id)
    return user

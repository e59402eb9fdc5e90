"""Sign in: what is recorded of it, and the API's own door."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.httpkit import authenticated_user
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from knox.models import AuthToken

from rakkan.accounts.factors import has_second_factor
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.accounts.services.factor import code_confirm
from rakkan.accounts.sign_in import serve_token, token_name
from rakkan.accounts.throttle import TooManyAttempts
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.errors import NotPermitted
from rakkan.core.tenancy import as_system, serve_organisation

_SESSION = Subject("session", "")


def session_start(request: HttpRequest, *, email: str, password: str, code: str) -> User:
    """Return the user of these credentials, for the API; the rest is their organisation's.

    Raises:
        NotPermitted: they are wrong (which half is not told), or the account has a second factor
            and the code is missing or wrong.
        TooManyAttempts: there were too many before.
    """
    with as_system():  # nobody is known yet
        user = _user_of(request, email, password, code)
        session_start_record(user=user)
    serve_organisation(user.organisation_id)
    return user


def token_start(
    request: HttpRequest, *, email: str, password: str, code: str
) -> tuple[AuthToken, str]:
    """Return a new token for whoever has these credentials, and its text.

    The code confirms for this token: its beginning is chosen before the code is looked at.

    Raises:
        NotPermitted: as :func:`session_start`.
        TooManyAttempts: as :func:`session_start`.
    """
    name = token_name()
    serve_token(name)
    user = session_start(request, email=email, password=password, code=code)
    token, text = AuthToken.objects.create(user, prefix=name)
    return token, str(text)


def _user_of(request: HttpRequest, email: str, password: str, code: str) -> User:
    try:
        user = get_adapter().authenticate(request, email=email.strip().lower(), password=password)
    except ValidationError as error:  # the one that allauth raises here
        raise TooManyAttempts from error
    if not isinstance(user, User):
        raise NotPermitted(
            "E-mail address or password is wrong.",
            code="credentials-wrong",
            remedy="Check both and try again.",
            status=401,
        )
    if has_second_factor(user):
        _second_factor(user, code)
    return user


def _second_factor(user: User, code: str) -> None:
    if not code:
        session_refusal_record(code="code-missing")
        raise NotPermitted(
            "This account has a second factor: a code is missing.",
            code="code-missing",
            remedy="Send the current code of the authenticator app as `code`.",
            status=401,
        )
    code_confirm(user=user, code=code)


@transaction.atomic
def session_start_record(*, user: User) -> None:
    """Record that somebody signed in."""
    event_record(EventName.SESSION_STARTED, actor=user_actor(user), subject=_SESSION)


@transaction.atomic
def session_refusal_record(*, code: str) -> None:
    """Record that a sign-in was refused, without what was typed."""
    data, actor = {"code": code}, system("sign-in")
    with as_system():  # whoever was refused is nobody, in no organisation
        event_record(EventName.SESSION_REFUSED, actor=actor, subject=_SESSION, data=data)


def password_confirm(request: HttpRequest, *, user: User, password: str) -> None:
    """Take the password of somebody who has no second factor as proof that it is them.

    Raises:
        NotPermitted: it is wrong.
        TooManyAttempts: there were too many before.
    """
    try:
        found = get_adapter().authenticate(request, email=user.email, password=password)
    except ValidationError as error:
        raise TooManyAttempts from error
    if found != user:
        raise NotPermitted(
            "The password is wrong.", code="password-wrong", remedy="Check it and try again."
        )


def session_confirmed(request: HttpRequest, *, method: str) -> None:
    """Remember in this session that its user has just shown who they are."""
    record_authentication(request, authenticated_user(request), method, reauthenticated=True)


@transaction.atomic
def password_change(*, user: User, password: str) -> None:
    """Set a new password; Django ends the other sessions, and every token goes."""
    user.set_password(password)
    user.save(update_fields=["password"])
    AuthToken.objects.filter(user=user).delete()
    about = Subject("user", str(user.pk))
    event_record(EventName.PASSWORD_CHANGED, actor=user_actor(user), subject=about)

"""Second factors: use one, set one up, remove one."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as recovery_flows
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import flows as passkey_flows
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from knox.models import AuthToken

from rakkan.accounts.factors import totp_secret, totp_step_of
from rakkan.accounts.methods import Method
from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.permissions import user_actor
from rakkan.accounts.sign_in import sign_in
from rakkan.accounts.throttle import attempt_count, attempts_forget
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded, system
from rakkan.core.errors import NotPermitted


def code_confirm(*, user: User, code: str) -> StrongAuthentication:
    """Take a TOTP code as proof that it is the user, now.

    Raises:
        NotPermitted: it is wrong, was used before, or there is no authenticator app.
        TooManyAttempts: there were too many wrong ones before.
    """
    about, key = Subject("user", str(user.pk)), str(user.pk)
    attempt_count("code", key=key)  # outside: a refusal takes back what was written within
    with refusal_recorded(EventName.CONFIRMATION_REFUSED, actor=user_actor(user), subject=about):
        secret = totp_secret(user)
        step = totp_step_of(secret, code) if secret else None
        if step is None:
            raise _wrong_code()
        try:
            row = authentication_record(user=user, method=Method.TOTP, totp_step=step)
        except IntegrityError as error:
            raise _wrong_code() from error
    attempts_forget("code", key=key)
    return row


def _wrong_code() -> NotPermitted:
    return NotPermitted(
        "The code is wrong, or was used before.",
        code="code-wrong",
        remedy="Wait for the next code of your authenticator app and type that one.",
    )


def passkey_confirm(*, user: User, credential: str) -> StrongAuthentication:
    """Take a passkey's answer to this session's challenge as proof that it is the user, now.

    Raises:
        NotPermitted: it is no answer of one of their passkeys.
        TooManyAttempts: there were too many wrong ones before.
    """
    about, key = Subject("user", str(user.pk)), str(user.pk)
    attempt_count("code", key=key)
    with refusal_recorded(EventName.CONFIRMATION_REFUSED, actor=user_actor(user), subject=about):
        form = ReauthenticateWebAuthnForm(user=user, data={"credential": credential})
        if not form.is_valid():
            raise NotPermitted(
                "The passkey was not accepted.",
                code="passkey-wrong",
                remedy="Try again with a passkey of this account, or use a code.",
            )
        form.cleaned_data["credential"].record_usage()
        row = authentication_record(user=user, method=Method.PASSKEY)
    attempts_forget("code", key=key)
    return row


@transaction.atomic
def authentication_record(
    *, user: User, method: Method, totp_step: int | None = None
) -> StrongAuthentication:
    """Record that somebody has just proved more than a password, in the sign-in at hand.

    Raises:
        IntegrityError: the code of this period was used before.
    """
    row = StrongAuthentication.objects.create(
        user=user,
        method=method.value,
        totp_step=totp_step,
        authenticated_at=timezone.now(),
        sign_in=sign_in(),
    )
    event_record(
        EventName.CONFIRMED,
        actor=user_actor(user),
        subject=Subject("user", str(user.pk)),
        data={"authentication": str(row.pk), "method": method.value},
        rows=[row],
    )
    return row


@transaction.atomic
def totp_add(request: HttpRequest, *, user: User, form: Any) -> bool:
    """Set up an authenticator app; return whether recovery codes were made with it.

    The code that showed it works is used up by that.
    """
    added, recovery = totp_flows.activate_totp(request, form)
    step = totp_step_of(form.secret, form.cleaned_data["code"])
    authentication_record(user=user, method=Method.TOTP, totp_step=step)
    _record(EventName.FACTOR_ADDED, user, {"factor": added.type})
    return recovery is not None


@transaction.atomic
def passkey_add(request: HttpRequest, *, user: User, name: str, credential: Any) -> bool:
    """Add a passkey; return whether recovery codes were made with it."""
    added, recovery = passkey_flows.add_authenticator(request, name=name, credential=credential)
    _record(EventName.FACTOR_ADDED, user, {"factor": added.type})
    return recovery is not None


@transaction.atomic
def factor_remove(request: HttpRequest, *, user: User, factor: Authenticator) -> None:
    """Remove an authenticator app or a passkey; the last one takes the recovery codes along."""
    kind = str(factor.type)
    if kind == Authenticator.Type.TOTP:
        totp_flows.deactivate_totp(request, factor)
    else:
        passkey_flows.remove_authenticator(request, factor)
    _record(EventName.FACTOR_REMOVED, user, {"factor": kind})


@transaction.atomic
def factors_drop(*, user: User) -> None:
    """Remove all second factors of somebody who has lost them, and end their API tokens."""
    Authenticator.objects.filter(user=user).delete()
    AuthToken.objects.filter(user=user).delete()
    event_record(
        EventName.FACTOR_REMOVED,
        actor=system("operator", user.organisation_id),
        subject=Subject("user", str(user.pk)),
        data={"factor": "all"},
    )


@transaction.atomic
def recovery_codes_renew(request: HttpRequest, *, user: User) -> None:
    """Make new recovery codes; the old ones are void."""
    recovery_flows.generate_recovery_codes(request)
    _record(EventName.FACTOR_ADDED, user, {"factor": str(Authenticator.Type.RECOVERY_CODES)})


def _record(name: EventName, user: User, data: dict[str, str]) -> None:
    event_record(name, actor=user_actor(user), subject=Subject("user", str(user.pk)), data=data)


@transaction.atomic
def totp_ensure(*, user: User, secret: str) -> None:
    """Give a demo account this TOTP secret."""
    if totp_secret(user) == secret:
        return
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(user, secret)

"""Second factors: use one, and give one to a demo account."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.factors import totp_secret, totp_step_of
from rakkan.accounts.methods import Method
from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotPermitted


def code_confirm(*, user: User, code: str) -> StrongAuthentication:
    """Take a TOTP code as proof that it is the user, now.

    Raises:
        NotPermitted: it is wrong, was used before, or there is no authenticator app.
    """
    about = Subject("user", str(user.pk))
    with refusal_recorded(EventName.CONFIRMATION_REFUSED, actor=user_actor(user), subject=about):
        secret = totp_secret(user)
        step = totp_step_of(secret, code) if secret else None
        if step is None:
            raise _wrong_code()
        try:
            return authentication_record(user=user, method=Method.TOTP, totp_step=step)
        except IntegrityError as error:
            raise _wrong_code() from error


def _wrong_code() -> NotPermitted:
    return NotPermitted(
        "The code is wrong, or was used before.",
        code="code-wrong",
        remedy="Wait for the next code of your authenticator app and type that one.",
    )


@transaction.atomic
def authentication_record(
    *, user: User, method: Method, totp_step: int | None = None
) -> StrongAuthentication:
    """Record that somebody has just proved more than a password.

    Raises:
        IntegrityError: the code of this period was used before.
    """
    row = StrongAuthentication.objects.create(
        user=user, method=method.value, totp_step=totp_step, authenticated_at=timezone.now()
    )
    event_record(
        EventName.CONFIRMED,
        actor=user_actor(user),
        subject=Subject("user", str(user.pk)),
        data={"authentication": str(row.pk), "method": method.value},
    )
    return row


@transaction.atomic
def totp_ensure(*, user: User, secret: str) -> None:
    """Give a demo account this TOTP secret."""
    if totp_secret(user) == secret:
        return
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(user, secret)

"""Was it really them, just now? What decisions ask before they count."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.sign_in import sign_in
from rakkan.core.errors import NotPermitted


def check_recently_authenticated(user: User) -> StrongAuthentication:
    """Return the user's newest strong authentication here, if it is recent enough to decide on.

    Raises:
        NotPermitted: there was none in the last ``RAKKAN_CONFIRM_SECONDS`` in the session or with
            the token that asks, or it lies ahead, because the clock was set back.
    """
    now = timezone.now()
    since = now - timedelta(seconds=settings.RAKKAN_CONFIRM_SECONDS)
    rows = StrongAuthentication.objects.filter(user=user, sign_in=sign_in())
    newest = rows.filter(authenticated_at__range=(since, now)).order_by("authenticated_at").last()
    if newest is None:
        raise NotPermitted(
            "Confirm first that it is you: this takes a code or a passkey used just now.",
            code="reauthentication-needed",
            remedy="Confirm with a code of your authenticator app or with a passkey, then go on.",
        )
    return newest

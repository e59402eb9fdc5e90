"""Tie what an identity provider says to an account of its organisation."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import NotPermitted

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin


@transaction.atomic
def account_of(login: "SocialLogin", *, verified: list[str]) -> User:
    """Return the account a provider speaks of: by subject, or once by verified address.

    What else the provider tells about the person is not kept.

    Args:
        login: what the provider said; it is tied to the account that is found.
        verified: the addresses it vouches for.

    Raises:
        NotPermitted: there is no such open account in the provider's organisation.
    """
    provider = settings.RAKKAN_PROVIDERS[login.account.provider]
    own = User.objects.filter(organisation=provider.organisation, is_active=True)
    login.account.extra_data = {}
    if login.is_existing:
        user = own.filter(pk=login.account.user_id).first()
        if user is None:
            raise _nobody()
        login.account.save(update_fields=["extra_data"])
        return user
    user = own.filter(email__in=[address.lower() for address in verified]).first()
    if user is None or _tied_already(user, provider.id):
        raise _nobody()
    login.user = login.account.user = user
    login.account.save()
    event_record(
        EventName.PROVIDER_TIED,
        actor=user_actor(user),
        subject=Subject("user", str(user.pk)),
        data={"provider": provider.id},
    )
    return user


def _tied_already(user: User, provider_id: str) -> bool:
    """Say whether another subject of the provider was this account before: an address reused."""
    return bool(user.socialaccount_set.filter(provider=provider_id).exists())


def _nobody() -> NotPermitted:
    return NotPermitted(
        "There is no account for you here.",
        code="account-missing",
        remedy="Ask whoever manages accounts in your organisation for an invitation.",
    )

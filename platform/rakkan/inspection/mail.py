"""The message that a watch-list has new matches: counts alone, because mail is an open letter."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from rakkan.accounts.models import User


def watches_mail(owner: User, language: str, events: int, lists: int) -> EmailMessage:
    """Return the message.

    Args:
        owner: who it is for.
        language: of the message.
        events: that match and were not told of before.
        lists: watch-lists that they match.
    """
    with translation.override(language):
        values = {
            "events": events,
            "lists": lists,
            "url": f"{settings.RAKKAN_PUBLIC_URL}/watches",
        }
        body = render_to_string("mail/watches.txt", values)
        subject = gettext("Rakkan: new events on your watch-lists")
    return EmailMessage(subject=subject, body=body, to=[owner.email])

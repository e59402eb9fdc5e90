"""Messages: the one that carries the link of an invitation, and forgetting those of an address."""

from email import message_from_bytes
from email.utils import getaddresses
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext

from rakkan.accounts.models import Invitation


def invitation_mail(invitation: Invitation, email: str, link: str) -> EmailMessage:
    """Return the message; whoever reads it learns who asks, and where they can read what for."""
    by = invitation.invited_by
    with translation.override(invitation.language):
        values = {
            "by": by.name if by else invitation.organisation.name,
            "organisation": invitation.organisation.name,
            "depicted": invitation.role == "depicted_person",
            "role": invitation.role,
            "until": invitation.expires_at,
            "url": f"{settings.RAKKAN_PUBLIC_URL}/invitation?{urlencode({'link': link})}",
        }
        body = render_to_string("mail/invitation.txt", values)
        subject = gettext("Rakkan: you are invited")
    return EmailMessage(subject=subject, body=body, to=[email])


def mail_forget(address: str) -> int:
    """Delete the messages to an address that lie in the folder of EMAIL_URL; return how many.

    Only where messages are files of ours (``file:``): what a mail server was given is out of reach.
    """
    folder = getattr(settings, "EMAIL_FILE_PATH", None)  # set by a ``file:`` address alone
    if folder is None:
        return 0
    count = 0
    for path in Path(folder).glob("*.log"):
        to = message_from_bytes(path.read_bytes()).get_all("To", [])
        if address.lower() in {name.lower() for _, name in getaddresses(to)}:
            path.unlink(missing_ok=True)
            count += 1
    return count

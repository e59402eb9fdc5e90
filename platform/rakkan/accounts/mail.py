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

_RULE = b"-" * 79 + b"\n"  # what Django's backend writes behind each message


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
    return sum(_forget_in(path, address.lower()) for path in Path(folder).glob("*.log"))


def _forget_in(path: Path, address: str) -> int:
    """Leave the messages to others in a file; Django may put several of one second into one."""
    messages = [one for one in path.read_bytes().split(_RULE) if one.strip()]
    others = [one for one in messages if address not in _addresses(one)]
    if not others:
        path.unlink(missing_ok=True)
    elif len(others) < len(messages):
        scratch = path.with_suffix(".new")
        scratch.write_bytes(b"".join(one + _RULE for one in others))
        scratch.replace(path)
    return len(messages) - len(others)


def _addresses(message: bytes) -> set[str]:
    to = message_from_bytes(message.lstrip()).get_all("To", [])
    return {name.lower() for _, name in getaddresses(to)}

"""The message that carries the link of an invitation, in the language of whoever gets it."""

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

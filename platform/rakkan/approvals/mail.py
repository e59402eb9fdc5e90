"""The message of a notice: that something waits, and where. What it is, it does not say.

A mailbox is outside the walls: no title, nobody who asks, is seen or heard, nothing that was said.
"""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from rakkan.approvals.notices import Notice, NoticeKind


def notice_mail(notice: Notice, since: datetime) -> EmailMessage:
    """Return the message, in every language of the house: which one is read is not known.

    Its Message-ID is the notice's, so that a mailbox can tell when it comes again.
    """
    kind = NoticeKind(notice.kind)
    report = kind is NoticeKind.REPORT
    path = "people" if report else f"productions/{notice.step.workflow.subject_id}"
    values = {
        "kind": kind.value,
        "step": notice.step.name,
        "since": since,
        "until": notice.step.workflow.expires_at,
        "in_name_of": notice.approver.name if notice.approver_id != notice.recipient_id else "",
        "url": f"{settings.RAKKAN_PUBLIC_URL}/{path}",
    }
    bodies, subjects = [], []
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            bodies.append(render_to_string("mail/notice.txt", values))
            subjects.append(_subject(kind))
    host = urlsplit(settings.RAKKAN_PUBLIC_URL).hostname
    return EmailMessage(
        subject=" / ".join(subjects),
        body="\n".join(bodies),
        to=[notice.recipient.email],
        headers={"Message-ID": f"<notice.{notice.pk}@{host}>"},
    )


def _subject(kind: NoticeKind) -> str:
    if kind is NoticeKind.REMINDER:
        return gettext("Rakkan: a decision waits for you")
    return gettext("Rakkan: a decision has waited too long")

"""Mail the notices that were written: each until it went out once, or says nothing any more."""

import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rakkan.accounts.permissions import user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.mail import notice_mail
from rakkan.approvals.notices import Notice, NoticeKind
from rakkan.approvals.services.remind import approvers_awaited, waits_since
from rakkan.approvals.services.workflow import workflow_open_steps

log = logging.getLogger(__name__)
_TRIED_FOR = timedelta(days=1)  # a mail server that was away longer has made it stale


def notices_mail(subject_ids: list[UUID], *, seconds: float) -> int:
    """Mail what was not mailed yet about these productions; return how many went out.

    A mail server that refuses one keeps the others from nothing: it is logged and tried again.

    Args:
        subject_ids: of the productions.
        seconds: after which no other is begun; the oldest come first.
    """
    until = time.monotonic() + seconds
    rows = Notice.objects.filter(
        mailed_at=None,
        made_at__gt=timezone.now() - _TRIED_FOR,
        step__workflow__subject_id__in=subject_ids,
    )
    sent = 0
    for notice_id in list(rows.values_list("pk", flat=True)):
        try:
            sent += _mail(notice_id)
        except OSError:  # what smtplib and sockets raise
            log.exception("notice %s could not be mailed", notice_id)
        if time.monotonic() >= until:
            break
    return sent


@transaction.atomic
def _mail(notice_id: UUID) -> bool:
    """Mail one; its lock keeps a second clerk away.

    Killed between the mail and the commit it goes out again, under the same Message-ID: rather
    twice than never.
    """
    rows = Notice.objects.select_for_update(skip_locked=True, of=("self",))
    notice = rows.filter(pk=notice_id, mailed_at=None).select_related("step__workflow").first()
    if notice is None or not _still_says_something(notice):
        return False
    notice_mail(notice, waits_since(notice.step.workflow, notice.step)).send()
    notice.mailed_at = timezone.now()
    notice.save(update_fields=["mailed_at"])
    return True


def _still_says_something(notice: Notice) -> bool:
    workflow = notice.step.workflow
    if notice.step not in workflow_open_steps(workflow):
        return False
    if notice.kind == NoticeKind.REPORT:
        return user_has_role(notice.recipient, Role.ADMINISTRATOR)
    awaited = approvers_awaited(workflow)
    return notice.approver in awaited and notice.recipient in awaited

"""Let nobody forget what waits for a decision. Safe to run at any time, and twice at once."""

import logging
import time
from uuid import UUID

from django.db import transaction

from rakkan.approvals.services import notices_due, notices_mail, notices_make
from rakkan.productions.models import Production
from rakkan.productions.states import State

log = logging.getLogger(__name__)
SECONDS = 5.0  # that one run writes, and mails: the clerk has other work, the log's before all


def reminders_send() -> None:
    """Write the notices that are due about what is in approval, then mail those that wait.

    One production that cannot be handled keeps the others from nothing: it is logged, and tried
    again the next time. What there is no time for comes the next time too, the oldest first.
    """
    rows = Production.objects.filter(state=State.IN_APPROVAL.value).order_by("changed_at")
    waiting = list(rows.values_list("pk", flat=True))
    until = time.monotonic() + SECONDS
    for production_id in notices_due(waiting):
        try:
            _make(production_id)
        except Exception:
            log.exception("remind: production %s failed", production_id)
        if time.monotonic() >= until:
            break
    notices_mail(waiting, seconds=SECONDS)


@transaction.atomic
def _make(production_id: UUID) -> None:
    """Hold the production first, as every transition does, so that it stays in approval."""
    rows = Production.objects.select_for_update(skip_locked=True)
    if rows.filter(pk=production_id, state=State.IN_APPROVAL.value).exists():
        notices_make(production_id)

"""Go on with what a lost message or a dead worker left behind. Safe to run at any time."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rakkan.approvals.selectors import review_is_needed
from rakkan.dispatch.services import (
    deliveries_are_used_up,
    job_resend,
    jobs_silent,
    jobs_unclaimed,
)
from rakkan.dispatch.states import JobState
from rakkan.identity.services import recordings_destroy_due
from rakkan.productions.models import Production
from rakkan.productions.services.dispatch import job_lock_in_order
from rakkan.productions.services.ending import ends_resume
from rakkan.productions.services.expire import approvals_expire
from rakkan.productions.services.giving import job_give_back, job_give_up
from rakkan.productions.services.preview import previews_reconcile
from rakkan.productions.services.queue import seal_send
from rakkan.productions.services.unspoken import unspoken_end
from rakkan.productions.states import State

log = logging.getLogger(__name__)
_GIVEN_UP = {
    "code": "worker-died",
    "title": "The workers died on this job each time.",
    "detail": "",
    "remedy": "Tell the operators; the job's log lines name it.",
}


def reconcile() -> None:
    """End what must end, requeue silent jobs, remind of unclaimed ones and the seal worker.

    One row that cannot be handled does not keep the others waiting: it is logged, and tried
    again the next time.
    """
    steps: list[Callable[[], object]] = [ends_resume, unspoken_end, approvals_expire]
    steps += [partial(_reclaim, job_id) for job_id in _silent_ids()]
    steps += [previews_reconcile, _remind, _reseal, recordings_destroy_due]
    for step in steps:
        try:
            step()
        except Exception:
            log.exception("reconcile: a step failed")


@transaction.atomic
def _remind() -> None:
    for job in jobs_unclaimed():
        job_resend(job)


@transaction.atomic
def _silent_ids() -> list[UUID]:
    return [job.pk for job in jobs_silent()]


@transaction.atomic
def _reclaim(job_id: UUID) -> None:
    """Take one job from a silent worker."""
    production, job = job_lock_in_order(job_id)
    late = job.lease_until is not None and job.lease_until < timezone.now()
    if job.state != JobState.LEASED or not late:
        return
    if deliveries_are_used_up(job):
        job_give_up(job, production, _GIVEN_UP, process="reconciler")
    else:
        job_give_back(job, production, "worker-silent")


@transaction.atomic
def _reseal() -> None:
    before = timezone.now() - timedelta(seconds=settings.RAKKAN_RESEND_SECONDS)
    waiting = Production.objects.select_for_update(skip_locked=True).filter(
        Q(seal_sent_at__lt=before) | Q(seal_sent_at=None),
        state__in=[State.RENDERED.value, State.SEALED.value, State.IN_REVIEW.value],
    )
    for production in waiting:
        if State(production.state) is State.IN_REVIEW and review_is_needed(production.pk):
            continue  # people's move
        production.seal_sent_at = timezone.now()
        production.save(update_fields=["seal_sent_at"])
        seal_send(production)

"""Go on with what a lost message or a dead worker left behind. Safe to run at any time."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compliance.permit import JobKind
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import (
    deliveries_are_used_up,
    job_requeue,
    job_resend,
    job_stop,
    jobs_silent,
    jobs_unclaimed,
)
from rakkan.dispatch.states import JobState
from rakkan.productions.models import Production
from rakkan.productions.services.ending import ends_resume
from rakkan.productions.services.expire import approvals_expire
from rakkan.productions.services.measure import measure_failed
from rakkan.productions.services.queue import seal_send
from rakkan.productions.services.stop import production_fail
from rakkan.productions.services.transition import move_silently, production_lock
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
    steps += [partial(_reclaim, *ids) for ids in _silent_ids()]
    steps += [_remind, _reseal]
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
def _silent_ids() -> list[tuple[object, object]]:
    return [
        (job.pk, job.subject_id if job.kind == JobKind.RENDER else None) for job in jobs_silent()
    ]


@transaction.atomic
def _reclaim(job_id: object, production_id: object) -> None:
    """Take one job from a silent worker; production before job, the lock order everywhere."""
    production = production_lock(str(production_id)) if production_id else None
    job = Job.objects.select_for_update().get(pk=str(job_id))
    late = job.lease_until is not None and job.lease_until < timezone.now()
    if job.state != JobState.LEASED or not late:
        return
    if not deliveries_are_used_up(job):
        job_requeue(job, "worker-silent")
        if production is not None and State(production.state) is State.RENDERING:
            move_silently(production, State.QUEUED)
    elif production is not None:
        production_fail(production_id=production.pk, problem=_GIVEN_UP, process="reconciler")
    else:
        job_stop(job, JobState.FAILED, _GIVEN_UP)
        measure_failed(job, _GIVEN_UP)


@transaction.atomic
def _reseal() -> None:
    before = timezone.now() - timedelta(seconds=settings.RAKKAN_RESEND_SECONDS)
    waiting = Production.objects.select_for_update(skip_locked=True).filter(
        Q(seal_sent_at__lt=before) | Q(seal_sent_at=None),
        state__in=[State.RENDERED.value, State.SEALED.value],
    )
    for production in waiting:
        production.seal_sent_at = timezone.now()
        production.save(update_fields=["seal_sent_at"])
        seal_send(production)

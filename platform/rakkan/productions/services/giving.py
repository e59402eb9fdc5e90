"""What becomes of a job whose worker could not do it, or fell silent."""

from compliance.permit import JobKind
from rakkan.audit.services import system
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import job_requeue, job_stop
from rakkan.dispatch.states import JobState
from rakkan.productions.models import Production
from rakkan.productions.services.lips import lips_failed
from rakkan.productions.services.measure import measure_failed
from rakkan.productions.services.preview import preview_of_job
from rakkan.productions.services.preview_end import preview_close
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import move_silently
from rakkan.productions.states import State


def job_give_back(job: Job, production: Production | None, why: str) -> None:
    """Queue a locked job again, and its production with it."""
    job_requeue(job, why)
    if production is None or job.kind != JobKind.RENDER:
        return
    if State(production.state) is State.RENDERING:
        move_silently(production, State.QUEUED)


def job_give_up(
    job: Job, production: Production | None, problem: dict[str, str], *, process: str
) -> None:
    """Fail a locked job for good, and what it was for: a production, its preview, a measurement.

    Where nobody could look at the lips of a finished file, the gate says so and ends it.
    """
    if job.kind == JobKind.MEASURE:
        job_stop(job, JobState.FAILED, problem)
    if production is None:
        measure_failed(job, problem)
        return
    if job.kind == JobKind.MEASURE:
        lips_failed(production, job, problem["code"])
        return
    actor = system(process, production.organisation_id)
    if job.kind == JobKind.PREVIEW:
        preview = preview_of_job(job)
        preview_close(preview, reason=problem["code"], actor=actor, failed=problem)
    else:
        end(production, State.FAILED, actor=actor, problem=problem)

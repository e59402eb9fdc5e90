"""Have a worker look whether the lips of a rendered file follow its voice; keep what it says.

It looks at the rendered file, beside sealing and not after it; the gate asks for the answer.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance.permit import InputFile, JobKind, JobSpec
from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.errors import NotFound
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import job_create, jobs_of
from rakkan.productions.models import LipsMeasurement, Production, Rendering
from rakkan.productions.services.measure import voice_of
from rakkan.productions.services.queue import seal_send
from rakkan.productions.services.transition import production_lock, subject_of
from rakkan.productions.states import State
from rakkan.releases.lips import lips_judge, numbers_of

LIPS = "lips"  # the engine of a measure job that looks at a finished video
VIDEO = "video"  # role of what is looked at
_MEDIA_TYPE = "video/mp4"
_WAITING = frozenset({State.RENDERED, State.SEALED, State.IN_REVIEW})  # for an answer
_AT_THE_GATE = frozenset({State.SEALED, State.IN_REVIEW})


def lips_ask(rendering: Rendering) -> Job:
    """Ask for a measure job on a rendering, in the caller's transaction."""
    production = rendering.production
    video = InputFile(VIDEO, rendering.file_sha256, rendering.size, _MEDIA_TYPE)
    return job_create(
        spec=JobSpec(
            JobKind.MEASURE, LIPS, (video, voice_of(production)), language=production.language
        ),
        subject_id=rendering.pk,
        person=production.likeness.person,
    )


@transaction.atomic
def lips_are_known(production_id: UUID | str) -> bool:
    """Say whether a worker has answered for a production; one is asked where none was.

    None was where the file was rendered before lips were asked for.
    """
    production = production_lock(production_id)
    rendering = Rendering.objects.filter(production=production).first()
    if rendering is None or State(production.state) not in _WAITING:
        return False
    if LipsMeasurement.objects.filter(rendering=rendering).exists():
        return True
    if not jobs_of(rendering.pk, JobKind.MEASURE):
        lips_ask(rendering)
    return False


def is_about_lips(job: Job) -> bool:
    """Say whether a job looks at a finished video."""
    return job.kind == JobKind.MEASURE and job.job_spec().engine == LIPS


def rendering_of_job(job: Job) -> Rendering:
    """Return what a job looks at.

    Raises:
        NotFound: it is not there.
    """
    rendering = Rendering.objects.filter(pk=job.subject_id).first()
    if rendering is None:
        raise NotFound(f"There is no rendering {job.subject_id}.")
    return rendering


def lips_jobs_of(production: Production) -> list[Job]:
    """Return the open jobs that look at a production's file, locked."""
    rendering = Rendering.objects.filter(production=production).first()
    return jobs_of(rendering.pk, JobKind.MEASURE) if rendering else []


def lips_receive(production: Production, job: Job, facts: dict[str, Any]) -> None:
    """Keep a worker's numbers about a locked production's file; the gate goes on with them."""
    _keep(production, job, numbers_of(facts))


def lips_failed(production: Production, job: Job, code: str) -> None:
    """Keep that nobody could look at a locked production's file: the gate says so, and why."""
    _keep(production, job, {"error": code})


def _keep(production: Production, job: Job, facts: dict[str, Any]) -> None:
    rendering, judged = rendering_of_job(job), lips_judge(facts)
    row = LipsMeasurement.objects.create(
        rendering=rendering,
        job=job,
        file_sha256=rendering.file_sha256,
        outcome=judged.outcome.value,
        facts=facts,
        measured_at=timezone.now(),
    )
    event_record(
        EventName.LIPS_MEASURED,
        actor=system("measure-worker", production.organisation_id),
        subject=subject_of(production),
        data={"outcome": judged.outcome.value, "file_sha256": rendering.file_sha256},
        rows=[row],
    )
    if State(production.state) in _AT_THE_GATE:
        production.seal_sent_at = timezone.now()
        production.save(update_fields=["seal_sent_at", "changed_at"])
        seal_send(production)

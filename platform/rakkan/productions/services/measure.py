"""Have a worker measure a portrait, a voice sample or a voice track; keep what it says."""

from compliance.permit import Finding, InputFile, JobKind, JobSpec, MeasureResult, Verdict
from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.errors import Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import job_create
from rakkan.likenesses.models import Likeness, Voice
from rakkan.likenesses.services import likeness_measured, sample_measured
from rakkan.productions.models import Production, VoiceMeasurement
from rakkan.productions.services.transition import subject_of

GATE = "gate"


def portrait_measure(*, likeness: Likeness) -> Job:
    """Ask for a measure job on a portrait, in the caller's transaction."""
    portrait = InputFile(
        "portrait",
        likeness.portrait_sha256,
        likeness.portrait_size,
        likeness.portrait_media_type,
    )
    return job_create(
        spec=JobSpec(JobKind.MEASURE, GATE, (portrait,)),
        subject_id=likeness.pk,
        person=likeness.person,
    )


def sample_measure(*, voice: Voice) -> Job:
    """Ask for a measure job on a voice sample, in the caller's transaction."""
    sample = InputFile("voice", voice.sample_sha256, voice.sample_size, voice.sample_media_type)
    return job_create(
        spec=JobSpec(JobKind.MEASURE, GATE, (sample,)),
        subject_id=voice.pk,
        person=voice.person,
    )


def voice_measure(*, production: Production) -> Job:
    """Ask for a measure job on a production's voice track, in the caller's transaction."""
    return job_create(
        spec=JobSpec(JobKind.MEASURE, GATE, (voice_of(production),), language=production.language),
        subject_id=production.pk,
        person=production.likeness.person,
    )


def voice_of(production: Production) -> InputFile:
    """Return the voice track as a job's input."""
    return InputFile(
        "voice", production.voice_sha256, production.voice_size, production.voice_media_type
    )


def measure_receive(job: Job, result: MeasureResult) -> None:
    """Keep a measure result for whatever the job was about.

    Raises:
        Refused: what was measured is gone.
    """
    likeness = Likeness.objects.filter(pk=job.subject_id).first()
    if likeness is not None:
        likeness_measured(likeness=likeness, result=result, worker="measure-worker")
        return
    voice = Voice.objects.filter(pk=job.subject_id).first()
    if voice is not None:
        sample_measured(voice=voice, result=result, worker="measure-worker")
        return
    production = Production.objects.filter(pk=job.subject_id).first()
    if production is None:
        raise Refused("What was measured is not there any more.", code="subject-gone")
    _voice_measured(production, result)


def measure_failed(job: Job, problem: dict[str, str]) -> None:
    """Keep that something could not be measured: what nobody could look at is not usable."""
    text = {"en": problem["detail"] or problem["title"]}
    finding = Finding(
        check="measurable",
        verdict=Verdict.UNUSABLE,
        value=None,
        threshold=None,
        unit="",
        reason=text,
        remedy={"en": problem["remedy"]},
    )
    measure_receive(job, MeasureResult(Verdict.UNUSABLE, (finding,), {"error": problem["code"]}))


def _voice_measured(production: Production, result: MeasureResult) -> None:
    document = result.to_dict()
    _, made = VoiceMeasurement.objects.get_or_create(
        production=production,
        defaults={
            "voice_sha256": production.voice_sha256,
            "verdict": result.verdict.value,
            "findings": document["findings"],
            "facts": result.facts,
        },
    )
    if made:
        event_record(
            EventName.VOICE_MEASURED,
            actor=system("measure-worker", production.organisation_id),
            subject=subject_of(production),
            data={"verdict": result.verdict.value},
        )

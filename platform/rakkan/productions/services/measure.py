"""Have a worker measure a portrait, a voice sample or a voice track; keep what it says."""

from django.db import transaction

from compliance.permit import Finding, InputFile, JobKind, JobSpec, MeasureResult, Verdict
from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.errors import Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import job_create, job_lock, job_stop
from rakkan.dispatch.services.presence import ALWAYS
from rakkan.dispatch.states import JobState
from rakkan.identity.selectors import (
    check_biometric_consent,
    check_may_be_measured,
    check_with_recording,
)
from rakkan.identity.services import recording_measured
from rakkan.likenesses.models import Likeness, Voice
from rakkan.likenesses.services import likeness_measured, sample_measured
from rakkan.productions.models import Production, VoiceMeasurement
from rakkan.productions.prompted import with_prompt
from rakkan.productions.services.behind import background_of
from rakkan.productions.services.covered import consents_at_hand
from rakkan.productions.services.transition import production_lock, subject_of
from rakkan.productions.services.wording import transcript_of, with_transcript

GATE = "gate"
IDENTITY = "identity"
SAMPLE = "sample"  # role of what a voice track is compared with
_COMPARISON = ("voice-match", "voice-not-compared")  # findings that come of comparing
_NO_CONSENT = {
    "code": "biometric-consent-missing",
    "title": "The person who speaks does not consent to biometric matching.",
    "detail": "",
    "remedy": "",
}


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
    """Ask for a measure job on a production's voice track, in the caller's transaction.

    The track is compared with its transcript, if there is one; and with the speaker's sample only
    under their live consent to biometric matching: without it the job does not name the sample.
    The picture behind the person is looked at, and the prompt read under the consent at hand.
    """
    inputs, behind = [voice_of(production), *transcript_of(production)], background_of(production)
    if production.speaker is not None and may_compare(production.speaker):
        inputs.append(_sample_of(production.speaker))
    if behind is not None:
        inputs.append(behind)
    seen, _ = consents_at_hand(production)
    return job_create(
        spec=JobSpec(
            JobKind.MEASURE,
            GATE,
            tuple(inputs),
            prompt=production.prompt if seen else "",  # without consent nobody can say
            permitted_changes=tuple(sorted(seen.permitted_changes)) if seen else (),
            language=production.language,
            prompt_for=production.engine if seen and production.engine != ALWAYS else "",
        ),
        subject_id=production.pk,
        person=production.likeness.person,
    )


def may_compare(speaker: Voice) -> bool:
    """Say whether the person who speaks consents to biometric matching now."""
    try:
        check_biometric_consent(speaker.person)
    except Refused:
        return False
    return True


def _sample_of(speaker: Voice) -> InputFile:
    return InputFile(SAMPLE, speaker.sample_sha256, speaker.sample_size, speaker.sample_media_type)


def compares(job: Job) -> bool:
    """Say whether a measure job compares a voice with the sample of a person."""
    return SAMPLE in {item.role for item in job.job_spec().inputs}


@transaction.atomic
def comparison_recheck(found: Job) -> None:
    """Replace a comparison that waits, once its consent has ended, by a job that makes none.

    Asked before a worker gets it: the sample of somebody who said no leaves the store no more.
    """
    if found.kind != JobKind.MEASURE or not compares(found):
        return
    production = production_lock(found.subject_id)
    job = job_lock(found.pk)
    speaker = production.speaker
    if job.state != JobState.QUEUED or speaker is None or may_compare(speaker):
        return
    job_stop(job, JobState.CANCELLED, _NO_CONSENT)
    voice_measure(production=production)


def voice_of(production: Production) -> InputFile:
    """Return the voice track as a job's input."""
    return InputFile(
        "voice", production.voice_sha256, production.voice_size, production.voice_media_type
    )


def check_may_measure(job: Job) -> None:
    """Raise unless what a measure job compares may be compared now.

    Raises:
        Refused: the person consents to it no more, or the recording is gone.
    """
    if job.job_spec().engine != IDENTITY:
        return
    check = check_with_recording(job.subject_id)
    if check is None:
        raise Refused("What was to be measured is not there any more.", code="subject-gone")
    check_may_be_measured(check)


def measure_receive(job: Job, result: MeasureResult) -> None:
    """Keep a measure result for whatever the job was about.

    Raises:
        Refused: what was measured is gone.
    """
    check = check_with_recording(job.subject_id)
    if check is not None:
        recording_measured(check=check, result=result)
        return
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
    allowed = _without_what_was_not_allowed(production, job, result)
    _voice_measured(production, with_transcript(production, job, with_prompt(job, allowed)))


def _without_what_was_not_allowed(
    production: Production, job: Job, result: MeasureResult
) -> MeasureResult:
    """Return a result in which a comparison stands only while its consent lives."""
    speaker = production.speaker
    if compares(job) and speaker is not None and may_compare(speaker):
        return result
    findings = tuple(each for each in result.findings if each.check not in _COMPARISON)
    facts = {**result.facts, "voice_match": {"compared": False, "why": _NO_CONSENT["code"]}}
    if findings == result.findings:
        return MeasureResult(result.verdict, findings, facts)
    worst = Verdict.worst((each.verdict for each in findings), none=Verdict.UNUSABLE)
    return MeasureResult(worst, findings, facts)


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
    row, made = VoiceMeasurement.objects.get_or_create(
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
            rows=[row],
        )

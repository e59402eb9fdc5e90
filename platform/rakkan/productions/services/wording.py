"""The transcript as a measure job's input, and what came of comparing it with the sound."""

import hashlib
from typing import Any

from compliance.canonical import canonical_json
from compliance.permit import InputFile, MeasureResult
from rakkan.core.errors import BadInput
from rakkan.dispatch.models import Job
from rakkan.productions.models import Production

TRANSCRIPT = "transcript"
HEARD = "heard"  # among the facts of the comparison: the words that a recogniser heard
_NOT_MEASURED = {"compared": False, "why": "not-measured"}  # an older worker
_MEDIA_TYPE = "application/json"


def transcript_document(production: Production) -> bytes:
    """Return what a worker reads; the salt makes its digest tell nothing of the words.

    It lies in no store: it is made of the draft when a worker asks, so nothing of it stays behind.
    """
    document = {"salt": production.salt or "", "text": production.transcript}
    return canonical_json(document)


def transcript_of(production: Production) -> list[InputFile]:
    """Return the transcript as a job's input, or nothing where there is none."""
    if not production.transcript.strip():
        return []
    document = transcript_document(production)
    sha256 = hashlib.sha256(document).hexdigest()
    return [InputFile(TRANSCRIPT, sha256, len(document), _MEDIA_TYPE)]


def transcript_chunks(job: Job) -> list[bytes]:
    """Return the bytes of the transcript that a job names; the worker checks their digest."""
    production = Production.objects.filter(pk=job.subject_id).first()
    return [] if production is None else [transcript_document(production)]


def with_transcript(production: Production, job: Job, result: MeasureResult) -> MeasureResult:
    """Return a result that says which transcript was compared, and claims nothing of another.

    The words that a recogniser heard are kept with the draft's own words, to end with them.
    """
    asked = [item.sha256 for item in job.job_spec().inputs if item.role == TRANSCRIPT]
    facts = {name: value for name, value in result.facts.items() if name != TRANSCRIPT}
    if asked:
        given = result.facts.get(TRANSCRIPT)
        found = dict(given) if isinstance(given, dict) else dict(_NOT_MEASURED)
        production.heard = str(found.pop(HEARD, ""))
        production.save(update_fields=["heard", "changed_at"])
        facts[TRANSCRIPT] = {**found, "sha256": asked[0]}
    return MeasureResult(result.verdict, result.findings, facts)


def check_transcript_is_measured(production: Production, facts: dict[str, Any]) -> None:
    """Raise unless the transcript is the one that was compared with the sound.

    Raises:
        BadInput: transcript-changed.
    """
    measured = facts.get(TRANSCRIPT)
    now = [item.sha256 for item in transcript_of(production)]
    if isinstance(measured, dict) and [measured.get("sha256")] != now:
        raise BadInput(
            "The transcript is not the one that was compared with the sound.",
            code="transcript-changed",
            remedy="Make a new draft with this transcript.",
            status=409,
        )

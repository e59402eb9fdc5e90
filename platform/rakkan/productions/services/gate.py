"""Gate: re-open the sealed file, read every mark back, and only then release.

Loads the media libraries: imported by the seal worker only.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import transaction

from compliance.canonical import sha256_hex
from rakkan.approvals.selectors import review_is_needed
from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.blobs import Area, blob_fetch
from rakkan.core.errors import Unavailable
from rakkan.productions.models import LipsMeasurement, Production
from rakkan.productions.services.covered import pinned_consents
from rakkan.productions.services.dispatch import check_may_render
from rakkan.productions.services.labelling import label_place
from rakkan.productions.services.release import Finished, production_release
from rakkan.productions.services.seal import marked_of, picture_of
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import move, production_lock, subject_of
from rakkan.productions.states import State
from rakkan.releases.checks import GateCheck
from rakkan.releases.lips import PASSING
from rakkan.releases.models import GateReport, Sealing
from rakkan.releases.selectors import sealing_of
from rakkan.releases.services.apart import gate_run_apart
from rakkan.releases.services.fingerprint import fingerprint_take
from rakkan.releases.services.fingerprint_keep import Taken
from rakkan.releases.services.gate import Expected, gate_consent
from rakkan.releases.services.lips import Lips
from rakkan.releases.services.looking import Label
from rakkan.releases.services.release import gate_report


def production_gate(production: Production, work: Path) -> None:
    """Run the gate on a sealed production and release it, or end it with the check's name.

    Where the policies want people to watch it first, it waits for them, and the gate runs anew.

    Consent is asked inside the transaction of the release, so a withdrawal is either seen here
    or finds a release to revoke.

    Args:
        production: in state ``sealed``, or ``in_review`` with every review in; the caller holds
            its seal lock.
        work: an empty directory for the files at work.

    Raises:
        Damaged: a stored file has changed.
        Refused: it was submitted before labels were burned in.
        Unavailable: the sealed file, the voice track or the label cannot be read now: try again.
    """
    sealing = sealing_of(production.pk)
    if sealing is None:
        raise Unavailable("The sealed file has no row.", code="sealing-missing")
    path = work / "sealed.mp4"
    blob_fetch(Area.QUARANTINE, sealing.file_sha256, path)
    voice = work / "voice"
    blob_fetch(Area.INPUTS, production.voice_sha256, voice)
    blob_fetch(Area.INPUTS, production.label_sha256, work / "label.png")
    label = Label((work / "label.png").read_bytes(), label_place(production))
    expected = _expected(production, sealing, voice, label, _lips(production, work))
    with ThreadPoolExecutor(1, thread_name_prefix="fingerprint") as beside:
        taking = beside.submit(fingerprint_take, path, expected.picture.most_frames)
        checks = gate_run_apart(path, expected)
    held = all(check.outcome == "pass" for check in checks)
    finished = _finished(production, path, work, taking.result()) if held else None
    with transaction.atomic():
        locked = production_lock(production.pk)
        waits = review_is_needed(locked.pk)
        if State(locked.state) is not State.SEALED and (
            State(locked.state) is not State.IN_REVIEW or waits
        ):
            return
        checks.append(gate_consent(lambda: check_may_render(locked)))
        report = gate_report(marked_of(locked), sealing, checks)
        if not report.passed:
            _refuse(locked, report, checks)
        elif not waits and finished is not None:  # a passed report has one
            production_release(locked, sealing, report, finished)
        else:
            actor = system("gate", locked.organisation_id)
            data = {"file_sha256": sealing.file_sha256}
            move(locked, State.IN_REVIEW, actor=actor, data=data, rows=[report])


def _finished(production: Production, path: Path, work: Path, taken: Taken) -> Finished:
    captions = b""
    if production.captions_sha256:
        blob_fetch(Area.INPUTS, production.captions_sha256, work / "captions.vtt")
        captions = (work / "captions.vtt").read_bytes()
    return Finished(path, taken, captions)


def _lips(production: Production, work: Path) -> Lips | None:
    """Return what was said of the rendered file's lips; None where nobody has answered."""
    rendering, source = production.rendering, work / "rendered.mp4"
    measured = LipsMeasurement.objects.filter(rendering=rendering).first()
    if measured is None:
        return None
    blob_fetch(Area.QUARANTINE, rendering.file_sha256, source)
    return Lips(measured.file_sha256, source, measured.facts)


def _expected(
    production: Production, sealing: Sealing, voice: Path, label: Label, lips: Lips | None
) -> Expected:
    consents = pinned_consents(production)
    return Expected(
        file_sha256=sealing.file_sha256,
        asset_id=production.asset_id,
        request_digest=production.request_digest,
        receipt_sha256=sha256_hex(consents.likeness.receipt.encode()),
        voice_receipt_sha256=sha256_hex(consents.voice.receipt.encode()),
        voice=voice,
        picture=picture_of(production),
        label=label,
        lips=lips,
        captions_sha256=production.captions_sha256,
    )


def _refuse(production: Production, report: GateReport, checks: list[GateCheck]) -> None:
    failed = [check for check in checks if check.outcome != "pass"]
    actor = system("gate", production.organisation_id)
    event_record(
        EventName.GATE_FAILED,
        actor=actor,
        subject=subject_of(production),
        data={"failed": [check.name for check in failed]},
        rows=[report],
    )
    consent_failed = any(check.name == "consent" for check in failed)
    problem = {
        "code": _code(production, failed[0].name),
        "title": "The release gate refused the file.",
        "detail": "; ".join(f"{check.name}: {check.detail}" for check in failed),
        "remedy": "Make a new production once the reason is gone.",
    }
    target = State.STOPPED if consent_failed else State.FAILED
    end(production, target, actor=actor, problem=problem)


def _code(production: Production, failed: str) -> str:
    """Return the code of a failed check; of lips it says what is wrong with them, too."""
    measured = LipsMeasurement.objects.filter(rendering__production=production).first()
    if failed != "lips" or measured is None or measured.outcome in PASSING:
        return f"gate-{failed}"
    return f"gate-lips-{measured.outcome}"

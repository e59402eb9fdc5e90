"""The release gate: re-open the finished file and read every mark back. Fails closed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av

from compliance.audiomark.files import AudioState
from compliance.canonical import file_sha256
from compliance.errors import ComplianceError
from compliance.label.check import check_label
from compliance.provenance import read_manifest
from rakkan.core.errors import RakkanError, Refused
from rakkan.releases.checks import GateCheck
from rakkan.releases.services.fingerprint import check_iscc
from rakkan.releases.services.lips import Lips, check_lips
from rakkan.releases.services.looking import Label, Looked, look
from rakkan.releases.services.picture import Picture, check_mark, check_picture
from rakkan.releases.services.second import check_second
from rakkan.releases.services.sound import check_sound_mark, read_sound_mark
from rakkan.releases.services.voice import check_voice, voice_seconds
from rakkan.releases.signers import trust_anchors

_AT_ONCE = 2  # threads: one looks at the pictures, one does the rest meanwhile
_LOOK = {"watermark", "playable", "label"}
LENGTH_TOLERANCE = 0.1  # seconds the picture may be shorter than the voice


@dataclass(frozen=True, slots=True)
class Expected:
    """What the finished file has to be."""

    file_sha256: str
    asset_id: str
    request_digest: str
    receipt_sha256: str
    voice_receipt_sha256: str
    voice: Path  # the approved voice track, its bytes checked against its digest
    picture: Picture
    captions_sha256: str = ""  # of the captions beside the video; empty: it has none
    label: Label | None = None  # what was submitted before there were labels does not pass
    lips: Lips | None = None  # None: nobody has answered, and it does not pass


def gate_run(path: Path, expected: Expected) -> list[GateCheck]:
    """Check a finished file; every check is made, and every doubt is a failure.

    The file is decoded twice: once for all that look at its pictures, once for the ISCC.

    1. ``file``: its bytes are those that were sealed.
    2. ``manifest``: its C2PA manifest is *Trusted* under our roots (C2PA 2.4, section 14), with a
       time-stamp, and a second verifier says so too.
    3. ``binding``: the manifest names this asset, this request, these consent receipts, these
       captions, and an ISCC (ISO 24138) of this picture and this sound.
    4. ``watermark``: the blind detector reads this asset's id from the pixels.
    5. ``playable``: it decodes, holds one picture of the size and rate asked for, one sound and
       nothing else, and is not shorter than the voice track.
    6. ``voice``: its sound is the approved voice track from beginning to end.
    7. ``audiomark``: the sound carries this asset's id, nearly all through, and no other.
    8. ``label``: the visible AI label stands in every frame that it has to, as large and as strong
       as it was pinned.
    9. ``lips``: a worker looked at these very pictures and this sound, and the lips follow the
       voice; or hardly anybody speaks, and there is nothing to judge.

    The tenth, :func:`gate_consent`, belongs into the transaction of the release.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate") as pool:
        looked = pool.submit(look, path, expected.picture, expected.label).result
        checks: list[tuple[str, Callable[[], str]]] = [
            ("file", lambda: _check_file(path, expected)),
            ("manifest", lambda: _check_manifest(path)),
            ("binding", lambda: _check_binding(path, expected)),
            ("watermark", lambda: _check_watermark(looked(), expected)),
            ("playable", lambda: _check_playable(path, looked(), expected)),
            ("voice", lambda: check_voice(path, expected.voice, expected.picture.max_seconds)),
            ("audiomark", lambda: _check_audiomark(path, expected)),
            ("label", lambda: _check_label(looked(), expected)),
            ("lips", lambda: _check_lips(path, expected)),
        ]
        numbered = [(number, *check) for number, check in enumerate(checks, start=1)]
        numbered.sort(key=lambda check: check[1] in _LOOK)  # who would only wait comes last
        done = [pool.submit(_run, *check) for check in numbered]
    return sorted((each.result() for each in done), key=lambda check: check.number)


def gate_consent(still_allowed: Callable[[], None]) -> GateCheck:
    """10. ``consent``: consents and approval still hold (``still_allowed`` raises where not)."""

    def check() -> str:
        still_allowed()
        return "consents are live, approval holds"

    return _run(10, "consent", check)


def _run(number: int, name: str, check: Callable[[], str]) -> GateCheck:
    try:
        return GateCheck(number, name, "pass", check())
    except (RakkanError, ComplianceError, av.FFmpegError, OSError, ValueError) as error:
        return GateCheck(number, name, "fail", str(error))


def _check_file(path: Path, expected: Expected) -> str:
    actual = file_sha256(path)
    if actual != expected.file_sha256:
        raise Refused(f"The file's digest is {actual}, sealed was {expected.file_sha256}.")
    return f"SHA-256 {actual}"


def _check_manifest(path: Path) -> str:
    report = read_manifest(path, trust_anchors())
    if report.state != "Trusted":
        raise Refused(f"The manifest is {report.state}: {'; '.join(report.failures)}")
    if report.timestamped_at is None:
        raise Refused("The manifest has no time-stamp.")
    agreed = check_second(path, trust_anchors())
    return f"Trusted, time-stamped at {report.timestamped_at}; {agreed}"


def _check_binding(path: Path, expected: Expected) -> str:
    report = read_manifest(path, trust_anchors())
    pairs = (
        ("asset", report.asset_id, expected.asset_id),
        ("mark in the sound", report.audio_mark, expected.asset_id),
        ("request digest", report.request_digest, expected.request_digest),
        ("consent receipt", report.consent_receipt_sha256, expected.receipt_sha256),
        (
            "voice consent receipt",
            report.voice_consent_receipt_sha256,
            expected.voice_receipt_sha256,
        ),
        ("captions", report.captions_sha256, expected.captions_sha256),
    )
    for name, actual, wanted in pairs:
        if actual != wanted:
            raise Refused(f"The manifest's {name} is {actual}, not {wanted}.")
    check_iscc(path, report.iscc)
    return "asset, request, consent receipts and ISCC are the right ones"


def _check_watermark(looked: Looked, expected: Expected) -> str:
    check_mark(looked.detection, expected.asset_id)
    return f"the pixels say {looked.detection.asset_id}"


def _check_audiomark(path: Path, expected: Expected) -> str:
    detection = read_sound_mark(path, expected.asset_id, expected.picture.max_seconds)
    check_sound_mark(detection, expected.asset_id)
    how = "says" if detection.state is AudioState.FOUND else "is too short to read and agrees with"
    return f"the sound {how} {detection.asset_id}"


def _check_label(looked: Looked, expected: Expected) -> str:
    if expected.label is None:
        raise Refused("No label was pinned for it.")
    reading = looked.label or expected.label.watch().reading  # that raises: it is no label
    return check_label(reading, expected.label.place, expected.picture.fps)


def _check_lips(path: Path, expected: Expected) -> str:
    if expected.lips is None:
        raise Refused("Nobody has looked whether the lips follow the voice.")
    return check_lips(path, expected.lips)


def _check_playable(path: Path, looked: Looked, expected: Expected) -> str:
    picture, frames = expected.picture, looked.detection.frames
    shown = check_picture(path, picture)
    seconds = frames / picture.fps
    wanted = voice_seconds(expected.voice, picture.max_seconds)
    if seconds < wanted - LENGTH_TOLERANCE:
        raise Refused(f"{seconds:.2f} s of picture for {wanted:.2f} s of voice.")
    return f"{frames} frames, {seconds:.2f} s, {shown}"

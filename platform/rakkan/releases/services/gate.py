"""The release gate: re-open the finished file and read every mark back. Fails closed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from compliance.audiomark.files import AudioState
from compliance.canonical import file_sha256
from compliance.errors import ComplianceError
from compliance.label import LabelPlace
from compliance.label.check import check_label, read_label
from compliance.label.picture import LabelPicture
from compliance.media import video_frames
from compliance.provenance import read_manifest
from rakkan.core.errors import RakkanError, Refused
from rakkan.releases.checks import GateCheck
from rakkan.releases.services.fingerprint import check_iscc
from rakkan.releases.services.lips import Lips, check_lips
from rakkan.releases.services.picture import Picture, check_mark, check_picture, read_mark
from rakkan.releases.services.second import check_second
from rakkan.releases.services.sound import check_sound_mark, read_sound_mark
from rakkan.releases.services.voice import check_voice, voice_seconds
from rakkan.releases.signers import trust_anchors

LENGTH_TOLERANCE = 0.1  # seconds the picture may be shorter than the voice


@dataclass(frozen=True, slots=True)
class Label:
    """The pinned picture of the visible AI label, its bytes checked, and where it stands."""

    png: bytes
    place: LabelPlace


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
    checks: list[tuple[str, Callable[[], str]]] = [
        ("file", lambda: _check_file(path, expected)),
        ("manifest", lambda: _check_manifest(path)),
        ("binding", lambda: _check_binding(path, expected)),
        ("watermark", lambda: _check_watermark(path, expected)),
        ("playable", lambda: _check_playable(path, expected)),
        ("voice", lambda: check_voice(path, expected.voice, expected.picture.max_seconds)),
        ("audiomark", lambda: _check_audiomark(path, expected)),
        ("label", lambda: _check_label(path, expected)),
        ("lips", lambda: _check_lips(path, expected)),
    ]
    return [_run(number, name, check) for number, (name, check) in enumerate(checks, start=1)]


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


def _check_watermark(path: Path, expected: Expected) -> str:
    detection = read_mark(path, expected.picture)
    check_mark(detection, expected.asset_id)
    return f"the pixels say {detection.asset_id}"


def _check_audiomark(path: Path, expected: Expected) -> str:
    detection = read_sound_mark(path, expected.asset_id, expected.picture.max_seconds)
    check_sound_mark(detection, expected.asset_id)
    how = "says" if detection.state is AudioState.FOUND else "is too short to read and agrees with"
    return f"the sound {how} {detection.asset_id}"


def _check_label(path: Path, expected: Expected) -> str:
    if expected.label is None:
        raise Refused("No label was pinned for it.")
    place, shape = expected.label.place, expected.picture
    picture = LabelPicture.from_png(expected.label.png, place)
    reading = read_label(path, picture, place, most=shape.most_frames)
    return check_label(reading, place, shape.fps)


def _check_lips(path: Path, expected: Expected) -> str:
    if expected.lips is None:
        raise Refused("Nobody has looked whether the lips follow the voice.")
    return check_lips(path, expected.lips)


def _check_playable(path: Path, expected: Expected) -> str:
    picture = expected.picture
    shown = check_picture(path, picture)
    frames = sum(1 for _ in video_frames(path, picture.most_frames))
    seconds = frames / picture.fps
    wanted = voice_seconds(expected.voice, picture.max_seconds)
    if seconds < wanted - LENGTH_TOLERANCE:
        raise Refused(f"{seconds:.2f} s of picture for {wanted:.2f} s of voice.")
    return f"{frames} frames, {seconds:.2f} s, {shown}"

"""Find out what a file says, shows and carries: alone, without a network or a database.

``python -m compliance.verify.examine FILE`` is how the public service looks at a stranger's file:
in a process with limits, without the address of a database, and with no key but the one that finds
marks. With ``--proposed`` it asks the file for the marks of the releases on its standard input.
"""

import argparse
import base64
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from compliance.canonical import file_sha256
from compliance.errors import ComplianceError, InvalidInput
from compliance.fingerprint.prints import Print, Taking, image_print
from compliance.media import (
    MATROSKA,
    VIDEO_FORMAT,
    container_format,
    has_pictures,
    is_image,
    preview_notice,
    video_frames,
)
from compliance.provenance import ManifestReport, ManifestState, TrustAnchors, read_manifest
from compliance.verify import marks
from compliance.verify.examination import Examination, Proposal
from compliance.watermark import KeyRing

MAX_FRAMES = 9_000  # six minutes at 25 frames a second: what anybody may have looked at
_MEMORY, _SECONDS = 3 << 30, 90  # bytes, and seconds of processor


def examine(
    path: Path,
    trust: TrustAnchors | None,
    keys: KeyRing | None,
    *,
    most: int = MAX_FRAMES,
) -> Examination:
    """Look at a file: its manifest, its marks and its pictures.

    Args:
        path: a video (MP4, WebM, Matroska), a picture (PNG, JPEG, WebP) or a sound.
        trust: the roots to judge the manifest by; without them it is not looked at.
        keys: that the marks were made with; without them none is looked for.
        most: a video of more frames is refused.

    Raises:
        InvalidInput: there is no such file.
    """
    report = read_manifest(path, trust) if trust else None
    manifest = _manifest(report) if report else {}
    found = Examination(file_sha256(path), path.stat().st_size, manifest=manifest)
    named = report.asset_id if report and report.state is ManifestState.TRUSTED else None
    try:
        return replace(found, **_seen(path, keys, (named,) if named else (), most))
    except ComplianceError as error:
        return replace(found, problem=f"{error} {error.remedy}".strip())


def _seen(path: Path, keys: KeyRing | None, named: tuple[str, ...], most: int) -> dict[str, Any]:
    if is_image(path):
        mark = marks.in_picture(path, keys) if keys else {}
        return {"kind": "picture", "mark": mark} | _printed(image_print(path))
    form = container_format(path)
    if form is None:
        raise InvalidInput(
            "It is no video, picture or sound that can be read.", code="file-unreadable"
        )
    if form in (VIDEO_FORMAT, MATROSKA) and has_pictures(path, form):
        return _in_video(path, form, keys, named, most)
    sound = marks.in_sound(path, form, keys, named) if keys else {}
    if keys and not sound:
        raise InvalidInput("There is no sound in it that can be read.", code="sound-unreadable")
    return {"kind": "sound", "sound": sound, "seconds": sound.get("seconds", 0.0)}


def _in_video(
    path: Path, form: str, keys: KeyRing | None, named: tuple[str, ...], most: int
) -> dict[str, Any]:
    """Decode a video once, for its print and for its mark."""
    taken, mark = Taking(), {}
    frames = taken.watched(video_frames(path, most, form))
    if keys:
        mark = marks.in_video(frames, keys)
        named = named or ((mark["asset_id"],) if mark["asset_id"] else ())
    for _ in frames:
        pass
    preview = preview_notice(path, form) or ""
    sound = marks.in_sound(path, form, keys, named) if keys else {}
    seen = {"kind": "video", "preview": preview, "mark": mark, "sound": sound}
    return seen | _printed(taken.concluded())


def _printed(taken: Print) -> dict[str, Any]:
    return {
        "hashes": [(each.at_ms, each.bits) for each in taken.hashes],
        "pictures": base64.b64encode(taken.pack()).decode(),
        "frames": taken.frames,
        "seconds": taken.seconds,
    }


def ask_proposed(
    path: Path, examination: Examination, proposals: list[Proposal], keys: KeyRing
) -> Examination:
    """Ask a file for the marks of proposed releases, where its own marks could not be read.

    Raises:
        InvalidInput: it cannot be decoded any more, or a reference is none.
    """
    asked, sound = examination.asked, examination.sound
    if examination.kind in ("video", "picture") and not examination.mark.get("asset_id"):
        asked = marks.of_proposed(path, proposals, keys)
    if sound and not sound["asset_id"]:
        known = [each.asset_id for each in proposals]
        form = container_format(path) or VIDEO_FORMAT
        sound = marks.in_sound(path, form, keys, known, as_it_is=False)
    return replace(examination, asked=asked, sound=sound)


def _manifest(report: ManifestReport) -> dict[str, Any]:
    stamped = report.timestamped_at
    return {
        "state": report.state.value,
        "failures": report.failures,
        "asset_id": report.asset_id,
        "recovered_for": report.recovered_for,
        "status_url": report.status_url,
        "signer": report.signer,
        "timestamped_at": stamped.isoformat() if stamped else None,
    }


def main(arguments: list[str] | None = None) -> int:
    """Examine one file within limits and print what was found as JSON.

    With ``--proposed`` standard input holds two lines: what was found already, and the proposals.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--trust", type=Path)
    parser.add_argument("--watermark-key", type=Path)
    parser.add_argument("--proposed", action="store_true")
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    trust = TrustAnchors.load(options.trust) if options.trust else None
    keys = KeyRing.load(options.watermark_key) if options.watermark_key else None
    if options.proposed and keys:
        before, proposals = sys.stdin.buffer.read().split(b"\n", 1)
        seen, proposed = Examination.from_json(before), Proposal.many_from_json(proposals)
        sys.stdout.write(ask_proposed(options.file, seen, proposed, keys).to_json())
    else:
        sys.stdout.write(examine(options.file, trust, keys).to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())

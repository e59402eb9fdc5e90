"""Find out what a file says, shows and carries: alone, without a network or a database.

``python -m compliance.verify.examine FILE`` is how the public service looks at a stranger's file:
in a process with limits, without the address of a database, and with no key but the one that finds
marks.
"""

import argparse
import base64
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from compliance.canonical import file_sha256
from compliance.errors import ComplianceError
from compliance.fingerprint.prints import image_print, video_print
from compliance.media import image_frame, is_image, preview_notice
from compliance.provenance import ManifestReport, TrustAnchors, read_manifest
from compliance.verify.examination import Examination
from compliance.watermark import KeyRing
from compliance.watermark.files import find_file
from compliance.watermark.finder import Finder, Finding

MAX_FRAMES = 9_000  # six minutes at 25 frames a second: what anybody may have looked at
_MEMORY, _SECONDS = 3 << 30, 90  # bytes, and seconds of processor


def examine(
    path: Path,
    trust: TrustAnchors | None,
    keys: KeyRing | None,
    *,
    most: int = MAX_FRAMES,
) -> Examination:
    """Look at a file: its manifest, its mark and its pictures.

    Args:
        path: an MP4, or a PNG, JPEG or WebP.
        trust: the roots to judge the manifest by; without them it is not looked at.
        keys: that the mark was made with; without them none is looked for.
        most: a video of more frames is refused.

    Raises:
        InvalidInput: there is no such file.
    """
    manifest = _manifest(read_manifest(path, trust)) if trust else {}
    found = Examination(file_sha256(path), path.stat().st_size, manifest=manifest)
    try:
        picture = is_image(path)
        taken = image_print(path) if picture else video_print(path, views=False, most=most)
        seen = _mark(path, keys, picture=picture, most=most) if keys else {}
        preview = "" if picture else preview_notice(path) or ""
    except ComplianceError as error:
        return replace(found, problem=f"{error} {error.remedy}".strip())
    return replace(
        found,
        kind="picture" if picture else "video",
        preview=preview,
        mark=seen,
        hashes=[(each.at_ms, each.bits) for each in taken.hashes],
        pictures=base64.b64encode(taken.pack()).decode(),
        frames=taken.frames,
        seconds=taken.seconds,
    )


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


def _mark(path: Path, keys: KeyRing, *, picture: bool, most: int) -> dict[str, Any]:
    """Search for the mark: in the whole picture, in parts, mirrored and turned."""
    found = _in_picture(path, keys) if picture else find_file(path, keys, most=most)
    return {
        "asset_id": found.asset_id,
        "frames": found.frames,
        "agreement": round(found.detection.agreement, 4) if found.detection else 0.0,
        "place": found.place,
    }


def _in_picture(path: Path, keys: KeyRing) -> Finding:
    """Search one picture, as a video of one frame."""
    frame = image_frame(path)
    even = frame.reformat(frame.width & ~1, frame.height & ~1, "yuv420p")
    return Finder(keys).find([np.ascontiguousarray(even.to_ndarray(), np.uint8)])


def main(arguments: list[str] | None = None) -> int:
    """Examine one file within limits and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--trust", type=Path)
    parser.add_argument("--watermark-key", type=Path)
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    trust = TrustAnchors.load(options.trust) if options.trust else None
    keys = KeyRing.load(options.watermark_key) if options.watermark_key else None
    sys.stdout.write(examine(options.file, trust, keys).to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())

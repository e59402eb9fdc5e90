"""Take the fingerprint of a finished file, and what copies of it are laid over.

Loads the media libraries: imported by the seal worker only.
"""

from __future__ import annotations

from pathlib import Path

from compliance.fingerprint import Kind, PrintHash
from compliance.fingerprint.kinds import VIEWS
from compliance.fingerprint.prints import Taking
from compliance.media import video_frames
from compliance.provenance import read_manifest
from compliance.provenance.store import manifest_store
from compliance.watermark.files import planar
from compliance.watermark.reference import Reference
from rakkan.core.errors import Refused
from rakkan.releases.content_codes import ContentCode, content_code, picture_and_sound
from rakkan.releases.services.fingerprint_keep import Taken
from rakkan.releases.signers import trust_anchors


def fingerprint_take(path: Path, most_frames: int, *, late: bool = False) -> Taken:
    """Take the fingerprint of a sealed file and its small pictures, in one decoding.

    Args:
        path: the file.
        most_frames: more are refused.
        late: of a release from before manifests named an ISCC it is taken of the file as it is.

    Raises:
        Refused: its manifest is not to be trusted or names no ISCC.
        InvalidInput: it cannot be decoded.
    """
    report = read_manifest(path, trust_anchors())
    if report.state != "Trusted" or report.manifest_id is None or not (report.iscc or late):
        raise Refused("Its manifest is not to be trusted, or names no ISCC.", code="iscc-missing")
    content = ContentCode.of_binding(report.iscc) if report.iscc else content_code(path)
    taking = Taking(VIEWS, mirrored=False)
    reference = Reference.of(map(planar, taking.watched(video_frames(path, most_frames))))
    taken = taking.concluded()
    return Taken(
        code=content.code,
        units=content.units,
        manifest_id=report.manifest_id,
        manifest=manifest_store(path),
        pictures=taken.pack(),
        reference=reference.to_bytes(),
        hashes=[*taken.hashes, *_of_units(content)],
        frames=taken.frames,
        seconds=taken.seconds,
    )


def check_iscc(path: Path, binding: str) -> str:
    """Raise unless the manifest's ISCC names the picture and the sound of this very file.

    Its Data- and Instance-Code are those of the file before it was signed.

    Raises:
        Refused: it names none, or another.
        Unavailable: FFmpeg's program does not run here.
    """
    units = ContentCode.of_binding(binding).units if binding else ()
    found = picture_and_sound(path)
    if units[:2] != found:
        raise Refused(f"The manifest's ISCC is {units[:2]}, the file's is {found}.")
    return found[0]


def _of_units(content: ContentCode) -> list[PrintHash]:
    """Return what the index keeps of an ISCC: the first 64 bits of three of its units."""
    kinds = {Kind.ISCC_VIDEO: 0, Kind.ISCC_AUDIO: 1, Kind.ISCC_INSTANCE: 3}
    return [PrintHash(kind, 0, 0, content.first_bits(unit)) for kind, unit in kinds.items()]

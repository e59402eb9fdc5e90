"""The mark in the sound of a file: it names the asset, and nothing else does."""

from pathlib import Path

from compliance.audiomark.files import AudioDetection, detect_sound
from compliance.media import VIDEO_FORMAT
from rakkan.core.errors import Refused
from rakkan.releases.keys import watermark_keys

MIN_SHARE = 0.9  # of the sound's energy: a pause in the speech needs no mark
_MARGIN = 2.0  # seconds that a sound may be longer than the longest voice track
_AGAIN = "Render it again; if it happens twice, tell the operators."


def read_sound_mark(path: Path, asset_id: str, max_seconds: float) -> AudioDetection:
    """Return what the sound of an MP4 says, blindly and asked for ``asset_id``.

    Raises:
        InvalidInput: the sound cannot be decoded, or is longer than it can be.
    """
    return detect_sound(
        path,
        watermark_keys(),
        known=asset_id,
        max_seconds=max_seconds + _MARGIN,
        formats=VIDEO_FORMAT,
    )


def check_sound_mark(detection: AudioDetection, asset_id: str) -> None:
    """Raise unless the sound carries this asset's mark, (nearly) all through, and no other's.

    Raises:
        Refused: no mark, no release.
    """
    if detection.asset_id != asset_id or detection.others:
        found = ", ".join(filter(None, [detection.asset_id, *detection.others])) or "none"
        raise Refused(
            f"The sound must carry the mark {asset_id}; found: {found}.",
            code="sound-mark-missing",
            remedy=_AGAIN,
        )
    if detection.share < MIN_SHARE:
        raise Refused(
            f"Only {detection.share:.0%} of the sound carries the mark; it takes {MIN_SHARE:.0%}.",
            code="sound-mark-in-part",
            remedy=_AGAIN,
        )


def sound_document(detection: AudioDetection) -> dict[str, object]:
    """Return what the detector heard, for the record."""
    return {
        "state": detection.state.value,
        "asset_id": detection.asset_id,
        "seconds": round(detection.seconds, 2),
        "share": round(detection.share, 3),
        "p_value": detection.p_value,
    }

"""The picture that was asked for: its tracks, its size, its rate, its mark in every frame."""

from dataclasses import dataclass
from pathlib import Path

from compliance.media import check_streams, video_shape
from compliance.watermark.detector import Detection
from compliance.watermark.files import detect_file
from rakkan.core.errors import Refused
from rakkan.releases.keys import watermark_keys

# A file marked in part would still give its id; a stray dark or flat frame may hide its mark.
MIN_MARKED = 0.9
_MARGIN = 2.0  # seconds that a picture may be longer than the longest voice track
_RATE_TOLERANCE = 0.01  # frames a second
_AGAIN = "Render it again; if it happens twice, tell the operators."


@dataclass(frozen=True, slots=True)
class Picture:
    """What the production asked for."""

    width: int  # pixels
    height: int  # pixels
    fps: int  # frames a second
    max_seconds: float  # longest voice track that is accepted

    @property
    def most_frames(self) -> int:
        """More frames than this are not decoded."""
        return int((self.max_seconds + _MARGIN) * self.fps)


def check_picture(path: Path, picture: Picture) -> str:
    """Raise unless a file holds one picture of that size and rate, one sound and nothing else.

    Only one picture is ever searched for its mark, so there must not be a second one.

    Raises:
        Refused: it holds something else.
        InvalidInput: it is no MP4, or holds other tracks.
    """
    shape = video_shape(path)
    check_streams(shape)
    size, wanted = (shape.width, shape.height), (picture.width, picture.height)
    if size != wanted or abs(shape.rate - picture.fps) > _RATE_TOLERANCE:
        raise Refused(
            f"The picture is {size[0]}x{size[1]} at {shape.rate:g} frames a second; asked for was "
            f"{wanted[0]}x{wanted[1]} at {picture.fps}.",
            code="video-shape",
            remedy=_AGAIN,
        )
    return f"{size[0]}x{size[1]} at {shape.rate:g} frames a second"


def read_mark(path: Path, picture: Picture) -> Detection:
    """Return what the blind detector sees.

    Raises:
        InvalidInput: the file cannot be decoded to its end, or is longer than it can be.
    """
    return detect_file(path, watermark_keys(), most=picture.most_frames)


def check_mark(detection: Detection, asset_id: str) -> None:
    """Raise unless the mark was found, names this asset and is in (nearly) every frame.

    Frames that carry another asset's mark count as unmarked.

    Raises:
        Refused: no mark, no release.
    """
    if detection.asset_id != asset_id:
        found = detection.asset_id or "none"
        raise Refused(
            f"The file must carry the mark {asset_id}; found: {found}.",
            code="mark-missing",
            remedy=_AGAIN,
        )
    share = detection.asset_frames / max(detection.frames, 1)
    if share < MIN_MARKED:
        raise Refused(
            f"Only {share:.0%} of the frames carry the mark; it takes {MIN_MARKED:.0%}.",
            code="mark-in-part",
            remedy=_AGAIN,
        )

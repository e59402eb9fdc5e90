"""Read the marks of a file: blindly, or those of proposed releases. One way for everybody.

The order is that of cost: what the whole picture says, a search of parts and turned pictures
(a second), and only where that says nothing the proposed releases, each laid over (a second each).
Sound is read as it is, and then the first of it at other speeds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from compliance.audiomark.files import AudioState, detect_blocks
from compliance.audiomark.grid import RATE, Real
from compliance.audiomark.search import SPEEDS
from compliance.errors import ComplianceError
from compliance.media import (
    MAX_FRAMES,
    container_format,
    image_frame,
    is_image,
    sound_blocks,
    video_frames,
)
from compliance.verify.examination import Proposal
from compliance.watermark import KeyRing
from compliance.watermark.blocks import Plane
from compliance.watermark.files import planar
from compliance.watermark.finder import Finder, Finding, Look
from compliance.watermark.informed import NOT_LAID, Informed, InformedState, lay_over
from compliance.watermark.reference import Reference

MAX_SECONDS = 380.0  # of sound that anybody may have looked at: six minutes and some
_DEEP = 40  # seconds of sound that are searched at other speeds
_FRAMES = 96  # of a video that proposed releases are laid over


def in_video(frames: Iterable[av.VideoFrame], keys: KeyRing) -> dict[str, Any]:
    """Return what a blind search finds in frames; all of them are decoded."""
    finder, look, shown = Finder(keys), Look(), iter(frames)
    found = finder.read(map(planar, shown), look)
    for _ in shown:
        pass
    return _told(found or finder.search(look))


def in_picture(path: Path, keys: KeyRing) -> dict[str, Any]:
    """Return what a blind search finds in one picture."""
    return _told(Finder(keys).find([_plane(path)]))


def of_proposed(path: Path, proposals: Sequence[Proposal], keys: KeyRing) -> dict[str, Any]:
    """Return what the pixels say of proposed releases, until one is found.

    Raises:
        InvalidInput: the file cannot be decoded.
    """
    laid = [each for each in proposals if each.reference]
    frames = _frames(path) if laid else []
    best, asset_id = NOT_LAID, ""
    for each in laid:
        reference = Reference.from_bytes(each.reference)
        found: Informed = ask_keys(frames, reference, keys, each.asset_id).one_of(len(laid))
        if not asset_id or found.p_value < best.p_value:
            best, asset_id = found, each.asset_id
        if best.state is InformedState.FOUND:
            break
    if not asset_id:
        return {}
    return {"asset_id": asset_id, "state": best.state.value, "p_value": best.p_value}


def ask_keys(
    frames: Sequence[Plane], reference: Reference, keys: KeyRing, asset_id: str
) -> Informed:
    """Ask frames of a copy for one release under every key of a ring, which the p-value counts."""
    laid = lay_over(frames, reference)
    if laid is None:
        return NOT_LAID
    found = [laid.under(key).ask(asset_id) for key in keys.keys]
    return min(found, key=lambda one: one.p_value).one_of(len(found))


def in_sound(
    path: Path, form: str, keys: KeyRing, known: Sequence[str] = (), *, as_it_is: bool = True
) -> dict[str, Any]:
    """Return what the sound of a file says; {} if it has none.

    Args:
        path: the file.
        form: FFmpeg's name of its container.
        keys: that it may have been marked with.
        known: ids that it may carry; then short and worn sound is heard, too.
        as_it_is: begin with the whole of it at its own speed.

    Raises:
        InvalidInput: it is longer than allowed.
    """
    asked = known or (None,)

    def blocks() -> Iterator[Real]:
        return sound_blocks(path, rate=RATE, layout="stereo", max_seconds=MAX_SECONDS, formats=form)

    told: dict[str, Any] = {}
    for each in asked:
        for speeds in (None, SPEEDS) if as_it_is else (SPEEDS,):
            try:
                found = (
                    detect_blocks(blocks(), keys, known=each)
                    if speeds is None
                    else detect_blocks(_first(blocks()), keys, known=each, speeds=speeds)
                )
            except ComplianceError as error:
                if error.code != "sound-unreadable":
                    raise
                return told
            told = asdict(found) | {"state": found.state.value, "share": round(found.share, 3)}
            if found.state is not AudioState.NOT_FOUND:
                return told
    return told


def _first(blocks: Iterable[Real]) -> Iterator[Real]:
    heard = 0
    for block in blocks:
        yield block
        heard += block.shape[1]
        if heard >= _DEEP * RATE:
            return


def _frames(path: Path) -> list[Plane]:
    if is_image(path):
        return [_plane(path)]
    frames = video_frames(path, MAX_FRAMES, container_format(path) or "")
    return [planar(frame) for frame in islice(frames, _FRAMES)]


def _plane(path: Path) -> Plane:
    """Return a picture as a video's frame."""
    frame = image_frame(path)
    even = frame.reformat(frame.width & ~1, frame.height & ~1, "yuv420p")
    return np.ascontiguousarray(even.to_ndarray(), np.uint8)


def _told(found: Finding) -> dict[str, Any]:
    return {
        "asset_id": found.asset_id,
        "frames": found.frames,
        "agreement": round(found.detection.agreement, 4) if found.detection else 0.0,
        "place": found.place,
    }

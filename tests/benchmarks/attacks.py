"""What happens to a video on its way: encoded anew, cut, cropped, mirrored, photographed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

Frame = np.ndarray  # (H, W, 3) RGB
FPS = 25


def write(path: Path, frames: list[Frame], *, crf: int) -> Path:
    """Encode frames as an MP4 without a sound."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = (side & ~1 for side in frames[0].shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def _sized(side: int) -> Callable[[Frame], Frame]:
    return lambda frame: cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)


def _cropped(margin: int) -> Callable[[Frame], Frame]:
    return lambda frame: np.ascontiguousarray(frame[margin:-margin, margin:-margin])


def _lit(frame: Frame) -> Frame:
    return np.clip(frame.astype(np.float32) * 1.2 + 10, 0, 255).astype(np.uint8)


def _boxed(frame: Frame) -> Frame:
    return cv2.copyMakeBorder(frame, 0, 0, 96, 96, cv2.BORDER_CONSTANT)


def _turned(frame: Frame) -> Frame:
    turn = cv2.getRotationMatrix2D((256, 256), 2, 1)
    return cv2.warpAffine(frame, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)


# name -> what it does to a frame, and the CRF it is encoded with afterwards
CLIPS: dict[str, tuple[Callable[[Frame], Frame], int]] = {
    "crf33": (lambda frame: frame, 33),
    "half_size": (_sized(256), 23),
    "side_160_crf38": (_sized(160), 38),
    "crop_10": (_cropped(26), 23),
    "crop_25": (_cropped(64), 23),
    "crop_off_middle": (lambda frame: np.ascontiguousarray(frame[8:472, 40:504]), 23),
    "mirrored": (lambda frame: np.ascontiguousarray(frame[:, ::-1]), 23),
    "brighter": (_lit, 23),
    "letterbox": (_boxed, 23),
    "turned_2": (_turned, 23),
}


def screenshot(path: Path, frame: Frame) -> Path:
    """A screenshot of a player on a white page, scaled, as JPEG."""
    large = cv2.resize(frame, (700, 700), interpolation=cv2.INTER_LINEAR)
    page = cv2.copyMakeBorder(large, 60, 120, 250, 250, cv2.BORDER_CONSTANT, value=(250, 250, 250))
    cv2.imwrite(str(path), page[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return path

"""What is done to copies. The 22 that blind detection must stand, and the harder ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from av.video.reformatter import Colorspace

from tests.benchmarks.marking.clips import FPS, Planes
from tests.benchmarks.marking.codecs import (
    Picture,
    cut,
    each_plane,
    pictured,
    scaled,
    through,
    to_planes,
    to_rgb,
)

Frames = list[Planes]


@dataclass(frozen=True)
class Copies:
    """A marked clip as it leaves the engine, and as it is delivered (H.264, veryfast, CRF 18)."""

    marked: Frames
    delivered: Frames

    @classmethod
    def of(cls, marked: Frames) -> Copies:
        """Encode it as the product does."""
        return cls(marked, through(marked, 18, preset="veryfast")[0])


@dataclass(frozen=True)
class Attack:
    """A name, what it does, and how many frames a second are left."""

    name: str
    act: Callable[[Copies], Frames]
    rate: float = FPS


def _again(frames: Frames, crf: int = 23, rate: float = FPS) -> Frames:
    return through(frames, crf, rate=rate)[0]


def _size(frames: Frames) -> tuple[int, int]:
    return frames[0].shape[1], frames[0].shape[0] * 2 // 3


def _shrunk(frames: Frames, share: float) -> Frames:
    width, height = _size(frames)
    small = [scaled(f, round(width * share), round(height * share)) for f in frames]
    return [scaled(frame, width, height) for frame in _again(small)]


def _tenth_off(frames: Frames) -> Frames:
    width, height = _size(frames)
    margins = [side // 20 & ~1 for side in (width, height)]
    size = [side - 2 * margin for side, margin in zip((width, height), margins, strict=True)]
    return _again([cut(frame, *margins, *size) for frame in frames])


def _light(picture: Picture, gain: float, shift: float) -> Picture:
    return np.clip(picture.astype(np.float32) * gain + shift, 0, 255).astype(np.uint8)


def _jpeg(picture: Picture, quality: int) -> Picture:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _screenshot(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    shown = cv2.resize(picture, (width * 735 // 512, height * 735 // 512))
    return _jpeg(cv2.resize(shown, (width, height), interpolation=cv2.INTER_AREA), 88)


def _turned(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    how = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REFLECT}
    return cv2.warpAffine(picture, turn, (width, height), **how)


def _mirrored(frame: Planes) -> Planes:
    return each_plane(frame, lambda plane, _: plane[:, ::-1])


def _wrong_matrix(frame: Planes) -> Planes:
    return to_planes(to_rgb(frame, Colorspace.ITU601), Colorspace.ITU709)


def _grey(picture: Picture) -> Picture:
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _warm(picture: Picture) -> Picture:
    """As photo programs do it: more red, less blue, and curves that are not straight."""
    part = picture.astype(np.float32) / 255
    warm = np.stack([part[..., 0] ** 0.85, part[..., 1] ** 0.97, part[..., 2] ** 1.2], axis=-1)
    return np.rint(warm * [255, 250, 220]).astype(np.uint8)


def _backdrop(height: int, width: int) -> Picture:
    down, across = np.mgrid[:height, :width].astype(np.float32)
    waves = 110 + 50 * np.sin(across / 37) * np.cos(down / 53)
    boxes = 40 * ((across // 64 + down // 48) % 2)
    return np.stack([waves + boxes, waves * 0.8 + 30, 180 - boxes], axis=-1).astype(np.uint8)


def _in_a_corner(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    inner = cv2.resize(picture, (width * 2 // 5, height * 2 // 5), interpolation=cv2.INTER_AREA)
    whole = _backdrop(height, width)
    top, left = height * 11 // 20, width * 1 // 2
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole


def _filmed(picture: Picture) -> Picture:
    """A screen filmed from a little beside it: perspective, a blur, a cast, a rim around it."""
    height, width = picture.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    seen = np.float32([[0.06, 0.09], [0.93, 0.03], [0.97, 0.94], [0.04, 0.90]]) * [width, height]
    warp = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    around = (38, 36, 34)
    shown = cv2.warpPerspective(
        picture, warp, (width, height), flags=cv2.INTER_AREA, borderValue=around
    )
    return _light(cv2.GaussianBlur(shown, (0, 0), 0.7), 0.92, 9)


def _written_over(picture: Picture) -> Picture:
    """Words below and a logo above, over a fifth of the picture."""
    height, width = picture.shape[:2]
    over = picture.copy()
    over[height * 41 // 50 :] = (20, 24, 60)
    side = width // 6
    over[height // 20 : height // 20 + side, width * 3 // 4 : width * 3 // 4 + side] = (220, 60, 30)
    font = cv2.FONT_HERSHEY_SIMPLEX
    place = (width // 20, height * 93 // 100)
    cv2.putText(over, "BREAKING NEWS TODAY", place, font, width / 460, (255, 255, 255), 2)
    return over


def _seen(change: Callable[[Picture], Picture], crf: int = 23) -> Callable[[Copies], Frames]:
    return lambda copies: _again(pictured(copies.delivered, change), crf)


BLIND = (
    Attack("none", lambda c: c.marked),
    Attack("h264 crf 18", lambda c: c.delivered),
    Attack("h264 crf 23", lambda c: _again(c.marked)),
    Attack("h264 crf 28", lambda c: _again(c.marked, 28)),
    Attack("h264 crf 33", lambda c: _again(c.marked, 33)),
    Attack("two generations, 23 and 28", lambda c: _again(_again(c.delivered), 28)),
    Attack("hevc crf 28", lambda c: through(c.delivered, 28, "libx265")[0]),
    Attack("vp9 crf 35", lambda c: through(c.delivered, 35, "libvpx-vp9")[0]),
    Attack("av1 crf 38", lambda c: through(c.delivered, 38, "libsvtav1")[0]),
    Attack("75 % size", lambda c: _shrunk(c.delivered, 0.75)),
    Attack("50 % size", lambda c: _shrunk(c.delivered, 0.5)),
    Attack("10 % crop", lambda c: _tenth_off(c.delivered)),
    Attack(
        "10 % crop, rescaled",
        lambda c: [scaled(f, *_size(c.delivered)) for f in _tenth_off(c.delivered)],
    ),
    Attack("brightness +20", _seen(lambda p: _light(p, 1, 20))),
    Attack("contrast 1.2", _seen(lambda p: _light(p, 1.2, -20))),
    Attack("half frame rate", lambda c: _again(c.delivered[::2], rate=FPS / 2), FPS / 2),
    Attack("jpeg 90", lambda c: pictured(c.delivered, lambda p: _jpeg(p, 90))),
    Attack("jpeg 75", lambda c: pictured(c.delivered, lambda p: _jpeg(p, 75))),
    Attack("screenshots", lambda c: pictured(c.delivered, _screenshot)),
    Attack("mirrored", lambda c: _again([_mirrored(f) for f in c.delivered])),
    Attack("2 degrees", _seen(lambda p: _turned(p, 2))),
    Attack("wrong matrix", lambda c: [_wrong_matrix(f) for f in c.delivered]),
)
HARD = (
    Attack("greyscale", _seen(_grey)),
    Attack("warm filter", _seen(_warm)),
    Attack("160 pixels", lambda c: _again([scaled(f, 160, 160) for f in c.delivered])),
    Attack("h264 crf 38", lambda c: _again(c.delivered, 38)),
    Attack("picture in picture, 40 %", _seen(_in_a_corner)),
    Attack("10 degrees", _seen(lambda p: _turned(p, 10))),
    Attack("filmed screen", _seen(_filmed)),
    Attack("text and logo over 20 %", _seen(_written_over)),
)

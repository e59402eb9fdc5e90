"""Portraits made worse, each in one way and in graded strength, from mild to hopeless."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import Face, topology
from generation.faces.arrays import Floats, Image, Points

Change = Callable[[Image, Face, float], Image]


@dataclass(frozen=True)
class Way:
    """One way of making a portrait worse.

    Attributes:
        name: of it.
        checks: the checks of the gate that are there for it.
        change: (picture, its face, strength) -> worse picture.
        strengths: from mild to hopeless.
    """

    name: str
    checks: tuple[str, ...]
    change: Change
    strengths: tuple[float, ...]


def _blurred(rgb: Image, face: Face, strength: float) -> Image:
    return _picture(cv2.GaussianBlur(rgb, (0, 0), strength * face.height))


def _smaller(rgb: Image, face: Face, height: float) -> Image:
    return _scaled(rgb, height / face.height)


def _enlarged(rgb: Image, face: Face, height: float) -> Image:
    small = _scaled(rgb, height / face.height)
    return _picture(cv2.resize(small, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC))


def _scaled(rgb: Image, scale: float) -> Image:
    size = [max(16, round(side * scale)) for side in rgb.shape[1::-1]]
    return _picture(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _exposed(rgb: Image, _: Face, stops: float) -> Image:
    return _encoded(_linear(rgb) * 2**stops)


def _flat(rgb: Image, _: Face, share: float) -> Image:
    mean = rgb.mean()
    return _picture(mean + (rgb.astype(np.float32) - mean) * share)


def _lit_from_the_side(rgb: Image, face: Face, stops: float) -> Image:
    left, right = face.points[:, 0].min(), face.points[:, 0].max()
    ramp = np.clip((np.arange(rgb.shape[1]) - left) / max(right - left, 1), 0, 1)
    return _encoded(_linear(rgb) * (2 ** (-stops * ramp))[None, :, None])


def _compressed(rgb: Image, _: Face, quality: float) -> Image:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return _picture(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def _noisy(rgb: Image, _: Face, sigma: float) -> Image:
    noise = np.random.default_rng(1).normal(0, sigma, rgb.shape)
    return _picture(rgb + noise)


def _tinted(rgb: Image, _: Face, share: float) -> Image:
    tint = np.array([0.15, 0.6, 1.0])
    return _encoded(_linear(rgb) * (1 - share + share * tint))


def _in_sunglasses(rgb: Image, face: Face, cover: float) -> Image:
    mask = np.zeros(rgb.shape[:2], np.float32)
    for upper, lower, brow in (topology.RIGHT_EYE, topology.LEFT_EYE):
        points = face.points[[*upper, *lower, *brow], :2]
        centre = points.mean(0)
        half = (points.max(0) - points.min(0)) / 2 * (1.15, 1.25)
        cv2.ellipse(mask, _pair(centre), _pair(half), 0, 0, 360, 1.0, -1)
    return _over(rgb, mask * cover, np.array([18.0, 18, 20]))


def _masked(rgb: Image, face: Face, shade: float) -> Image:
    """Cover nose to chin with cloth of a shade of blue, 0 black to 1 white."""
    outline = [93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365]
    outline += [397, 288, 361, 323, 280, 5, 50]
    mask = np.zeros(rgb.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(face.points[outline, :2]).astype(np.int32)], 1.0)
    cloth = np.array([0.75, 0.9, 1.0]) * 255 * shade
    return _over(rgb, cv2.GaussianBlur(mask, (0, 0), 1.5), cloth)


def _behind_a_hand(rgb: Image, face: Face, size: float) -> Image:
    """Lay three fingers of the cheek's own skin over the mouth."""
    skin = _skin_patch(rgb, face)
    lips = face.points[list(topology.OUTER_LIPS), :2]
    centre, wide = lips.mean(0), np.ptp(lips[:, 0])
    out = rgb
    for finger in (-1, 0, 1):
        mask = np.zeros(rgb.shape[:2], np.float32)
        at = centre + np.array([0.0, finger * 0.34 * wide * size])
        half = np.array([0.95, 0.17]) * wide * size
        cv2.ellipse(mask, _pair(at), _pair(half), 12, 0, 360, 1.0, -1)
        shade = skin * (0.92 + 0.06 * finger)
        out = _over(out, cv2.GaussianBlur(mask, (0, 0), 0.02 * wide), shade)
    return out


def _behind_a_microphone(rgb: Image, face: Face, size: float) -> Image:
    lips = face.points[list(topology.OUTER_LIPS), :2]
    radius = 0.55 * np.ptp(lips[:, 0]) * size
    centre = lips.mean(0) + np.array([0, 0.55 * radius])
    mask = np.zeros(rgb.shape[:2], np.float32)
    cv2.circle(mask, _pair(centre), int(radius), 1.0, -1)
    grain = np.random.default_rng(2).normal(45, 14, (*rgb.shape[:2], 1))
    return _over(rgb, mask, np.repeat(grain, 3, 2))


def _cut_off(rgb: Image, face: Face, share: float) -> Image:
    """Cut the picture so that a share of the face's height is beyond its lower edge."""
    low, high = face.points[:, 1].min(), face.points[:, 1].max()
    return rgb[: max(16, int(high - share * (high - low)))]


def _turned(rgb: Image, face: Face, degrees: float) -> Image:
    centre = face.points[:, :2].mean(0)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), degrees, 1.0)
    size = rgb.shape[1::-1]
    return _picture(cv2.warpAffine(rgb, matrix, size, borderMode=cv2.BORDER_REFLECT_101))


def _twice(rgb: Image, _: Face, __: float) -> Image:
    return np.hstack([rgb, rgb[:, ::-1]])


def _drawn(rgb: Image, face: Face, passes: float) -> Image:
    """As a drawing of few flat colours with outlines."""
    scale = min(1.0, 400 / face.height)
    small = _scaled(rgb, scale)
    for _ in range(int(passes)):
        small = _picture(cv2.pyrMeanShiftFiltering(small, 8, 26))
    return _picture(cv2.resize(small, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC))


def _off_a_screen(rgb: Image, _: Face, strength: float) -> Image:
    """Lay the grid of a screen's pixels over it, as a camera sees it that photographs one."""
    rows, columns = (np.arange(side) for side in rgb.shape[:2])
    stripes = np.cos(2 * np.pi * columns[:, None] / 3.3 + np.array([0, 2.1, 4.2]))
    lines = np.cos(2 * np.pi * rows / 3.7)[:, None, None]
    return _picture(rgb * (1 + strength * stripes[None]) * (1 + strength * lines))


WAYS = (
    Way("blurred", ("blur",), _blurred, (0.006, 0.015, 0.04, 0.08)),
    Way("smaller", ("blur", "face-height"), _smaller, (180, 110, 70, 40)),
    Way("enlarged", ("blur", "face-detail"), _enlarged, (140, 80, 45, 25)),
    Way("dark", ("brightness", "clipped"), _exposed, (-1.5, -3, -5, -7)),
    Way("bright", ("brightness", "clipped"), _exposed, (0.7, 1.5, 3, 5)),
    Way("flat", ("contrast",), _flat, (0.6, 0.3, 0.12, 0.05)),
    Way("side light", ("side-light",), _lit_from_the_side, (1, 2.5, 5, 8)),
    Way("compressed", ("compression",), _compressed, (40, 15, 5, 1)),
    Way("noisy", ("noise",), _noisy, (6, 20, 50, 110)),
    Way("tinted", ("colour-cast",), _tinted, (0.3, 0.7, 1.0)),
    Way("sunglasses", ("eyes-covered",), _in_sunglasses, (0.4, 0.8, 1.0)),
    Way("mask", ("mouth-covered",), _masked, (0.05, 0.5, 0.95)),
    Way("hand", ("mouth-covered",), _behind_a_hand, (0.5, 0.8, 1.2)),
    Way("microphone", ("mouth-covered",), _behind_a_microphone, (0.5, 0.8, 1.2)),
    Way("cut off", ("face-inside",), _cut_off, (0.02, 0.12, 0.3)),
    Way("turned", ("roll",), _turned, (12, 30, 50, 80)),
    Way("twice", ("faces",), _twice, (1,)),
    Way("drawn", ("drawing",), _drawn, (1, 3)),
    Way("off a screen", ("screen",), _off_a_screen, (0.04, 0.12, 0.3)),
)


def _skin_patch(rgb: Image, face: Face) -> Floats:
    around = face.points[[50, 280, 101, 330], :2].round().astype(int)
    found = [np.median(rgb[y - 4 : y + 5, x - 4 : x + 5], axis=(0, 1)) for x, y in around]
    middle: Floats = np.median(np.array(found, np.float32), axis=0)
    return middle


def _over(rgb: Image, mask: Floats, colour: Points | Floats) -> Image:
    cover = mask[..., None]
    return _picture(rgb * (1 - cover) + cover * colour)


def _linear(rgb: Image) -> Floats:
    return ((rgb.astype(np.float32) / 255) ** 2.2).astype(np.float32)


def _encoded(light: Floats) -> Image:
    return _picture(255 * np.clip(light, 0, 1) ** (1 / 2.2))


def _picture(values: Floats | Image) -> Image:
    return np.clip(np.asarray(values, np.float32).round(), 0, 255).astype(np.uint8)


def _pair(values: Points) -> tuple[int, int]:
    return round(float(values[0])), round(float(values[1]))

"""What a photo's face looks like, in numbers: focus, light, colour, what lies in front of it.

Each is measured at the size in which the face will be shown, on skin that the landmarks name, and
against the face itself: dark skin is not a dark photo, and a beard is not a hand.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from generation.faces import Face, topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.sharpness import blur_effect

SHOWN = 300  # px forehead to chin: about what a 512 px video shows
CHEEKS = ((50, 101, 205, 187), (280, 330, 425, 411))  # right, left of whom the photo shows
FOREHEAD = (9, 151, 108, 337)
CHIN = (200, 199, 175, 152)
PATCH = 0.06  # radius of a patch of skin, of the face's height
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_NEARLY_WHITE, _NEARLY_BLACK = 250, 6
_LOSSLESS = 0.007  # of the face's contrast: less than this is lost where nothing was there
_GRAIN = 0.0025  # of the face's contrast
_SHARP = 0.62  # of blur
_COARSE = 0.12  # cycles a pixel: below, pores and lashes have patterns of their own
_QUANTISED = 0.35  # levels: what rounding to whole levels loses anyway


@dataclass(frozen=True)
class Appearance:
    """A face cut out of its photo, upright as the photo is, at most SHOWN px high.

    Attributes:
        native: (h, w, 3) uint8 RGB at the photo's own size.
        rgb: (H, W, 3) uint8 RGB at the size it is shown in.
        points: (478, 2) px of `rgb`.
        height: forehead to chin in px of the photo.
    """

    native: Image
    rgb: Image
    points: Points
    height: float

    @classmethod
    def of(cls, rgb: Image, face: Face) -> "Appearance":
        """Cut the face out of its photo (H, W, 3) uint8 RGB."""
        low = np.maximum(face.points[:, :2].min(0).astype(int), 0)
        high = np.maximum(face.points[:, :2].max(0).astype(int) + 1, low + 8)
        native = rgb[low[1] : high[1], low[0] : high[0]]
        scale = min(1.0, SHOWN / max(face.height, 1.0))
        size = tuple(max(8, round(side * scale)) for side in native.shape[1::-1])
        shown = cv2.resize(native, size, interpolation=cv2.INTER_AREA) if scale < 1 else native
        return cls(
            native, np.asarray(shown, np.uint8), (face.points[:, :2] - low) * scale, face.height
        )

    @cached_property
    def _grey(self) -> Floats:
        grey: Floats = (self.rgb @ _LUMA).astype(np.float32)
        return grey

    @cached_property
    def _lab(self) -> Floats:
        """CIELAB (D65): L 0..100, a, b."""
        return np.asarray(cv2.cvtColor(self.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))

    @cached_property
    def _oval(self) -> Image:
        """Mask of the face."""
        mask = np.zeros(self.rgb.shape[:2], np.uint8)
        outline = np.round(self.points[list(topology.FACE_OVAL)]).astype(np.int32)
        cv2.fillPoly(mask, [outline], 1)
        return mask

    def blur(self) -> float:
        """Blur of the face at the height in which it is shown, 0 (sharp) to 1 (Crete 2007).

        A small face is enlarged for it, as it will be in the video.
        """
        scale = SHOWN / max(self.height, 1.0)
        if scale <= 1:
            return blur_effect(self._grey)
        return blur_effect(
            np.asarray(
                cv2.resize(self._grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            )
        )

    def detail(self) -> float:
        """Height in px that would hold all the detail the face has.

        A photo that was enlarged, or saved by a camera out of focus, loses nothing when it is made
        smaller again.
        """
        grey = (self.native @ _LUMA).astype(np.float32)
        best, lost = 1.0, max(_QUANTISED, _LOSSLESS * self.contrast())
        for factor in (1.5, 2.0, 3.0, 4.0, 6.0, 8.0):
            small = tuple(max(4, round(side / factor)) for side in grey.shape[::-1])
            again = cv2.resize(
                cv2.resize(grey, small, interpolation=cv2.INTER_AREA),
                grey.shape[::-1],
                interpolation=cv2.INTER_CUBIC,
            )
            if float(np.sqrt(np.mean((again - grey) ** 2))) > lost:
                break
            best = factor
        return self.height / best

    def contrast(self) -> float:
        """Luma between the darkest and the brightest twentieth of the face, 0..255."""
        low, high = (
            np.percentile(self._grey[self._oval > 0], (5, 95)) if self._oval.any() else (0, 0)
        )
        return float(high - low)

    def clipped(self) -> float:
        """Part of the face that is white or black without any detail, 0..1."""
        pixels = self.rgb[self._oval > 0]
        lost = (pixels.min(1) >= _NEARLY_WHITE) | (pixels.max(1) <= _NEARLY_BLACK)
        return float(lost.mean()) if lost.size else 1.0

    def side_light(self) -> float:
        """How many stops one cheek is brighter than the other."""
        right, left = (self._light(cheek) for cheek in CHEEKS)
        return float(abs(np.log2(max(right, 1e-4) / max(left, 1e-4))))

    def _light(self, names: tuple[int, ...]) -> float:
        """Linear light of some skin, 0..1 (sRGB's curve, simplified to a power of 2.2)."""
        return float(np.mean((self._skin(self._grey, names) / 255) ** 2.2))

    def colour_cast(self) -> float:
        """Degrees by which the skin's hue (CIELAB) is beyond 15 to 90, where all skin lies.

        Skin of no colour at all, as in a black-and-white photo, has no hue: 0 as well.
        """
        _, a, b = self._hue()
        if np.hypot(a, b) < 5:
            return 0.0
        hue = float(np.degrees(np.arctan2(b, a)))
        return max(0.0, 15 - hue, hue - 90)

    def blocks(self) -> float:
        """Steps at the borders of 8 x 8 blocks over those inside; 1 where there are no blocks."""
        grey = (self.native @ _LUMA).astype(np.float32)
        ratios = []
        for axis in (0, 1):
            steps = np.abs(np.diff(grey, axis=axis)).mean(1 - axis)
            if steps.size < 24:
                continue
            by_phase = np.array([steps[phase::8].mean() for phase in range(8)])
            ratios.append(by_phase.max() / max(float(np.median(by_phase)), 0.05))
        return float(min(ratios)) if ratios else 1.0

    def eyes(self) -> float:
        """Return how bright the darker eye is, at its brightest, beside the cheeks.

        Sunglasses, hair and deep shadow leave it dark; an eye's white is nearly as bright as skin.
        """
        cheeks = np.median(self._skin(self._grey, (*CHEEKS[0], *CHEEKS[1])))
        seen = []
        for upper, lower, _ in (topology.RIGHT_EYE, topology.LEFT_EYE):
            mask = np.zeros(self._oval.shape, np.uint8)
            outline = np.round(self.points[[*upper, *lower[::-1]]]).astype(np.int32)
            cv2.fillPoly(mask, [outline], 1)
            inside = self._grey[mask > 0]
            seen.append(float(np.percentile(inside, 90)) if inside.size else 0.0)
        return min(seen) / max(float(cheeks), 1.0)

    def mouth(self) -> tuple[float, float, float, float]:
        """Return what tells lips from what lies over them.

        1. How much redder (a* of CIELAB) lips are than the cheeks.
        2. How much darker the line between the lips is than they are, of the face's contrast.
        3. How unlike in colour (a*, b*) the chin is to the cheeks.
        4. How unlike in colour (L*, a*, b*) lips are to the skin right around them.
        """
        lips, ring = self._lip_masks()
        cheeks = np.median(self._skin(self._lab, (*CHEEKS[0], *CHEEKS[1])), axis=0)
        chin = np.median(self._skin(self._lab, CHIN), axis=0)
        if not lips.any() or not ring.any():
            return 0.0, 0.0, 0.0, 0.0
        own, around = (np.median(self._lab[mask > 0], axis=0) for mask in (lips, ring))
        return (
            float(own[1] - cheeks[1]),
            self._lip_line(),
            float(np.linalg.norm(chin[1:] - cheeks[1:])),
            float(np.linalg.norm(own - around)),
        )

    def _lip_masks(self) -> tuple[Image, Image]:
        """Return masks of the lips and of the skin right around them."""
        lips = np.zeros(self._oval.shape, np.uint8)
        outer = np.round(self.points[list(topology.OUTER_LIPS)]).astype(np.int32)
        cv2.fillPoly(lips, [outer], 1)
        wide = max(3, round(0.12 * float(np.ptp(outer[:, 0])))) | 1
        ring = cv2.dilate(lips, np.ones((2 * wide + 1, 2 * wide + 1), np.uint8)) - lips
        inner = [*topology.UPPER_INNER_LIP, *topology.LOWER_INNER_LIP[::-1]]
        cv2.fillPoly(lips, [np.round(self.points[inner]).astype(np.int32)], 0)
        return lips, np.asarray(ring, np.uint8)

    def _lip_line(self) -> float:
        """Return how much darker than lips the line between them is, along the face's own down."""
        found = []
        for upper, middle, lower in ((37, 82, 84), (0, 13, 17), (267, 312, 314)):
            ends = self.points[[upper, middle, lower]]
            steps = max(2, round(float(np.linalg.norm(ends[2] - ends[0]))))
            way = np.linspace(ends[0], ends[2], steps + 1)
            way += ends.mean(0) - way.mean(0)  # lips that are aslant: through their middle
            profile = _along(self._grey, way)
            if profile.size > 4:
                found.append(float(np.median(profile) - profile[1:-1].min()))
        return float(np.median(found)) / max(self.contrast(), 1.0) if found else 0.0

    def flatness(self) -> float:
        """Part of a sharp face without any grain, 0..1: drawings, skin that was painted over.

        A blurred face has no grain either; it is 0 here and said by `blur`.
        """
        if self.blur() > _SHARP:
            return 0.0
        fine = np.abs(self._grey - cv2.GaussianBlur(self._grey, (0, 0), 1.0))
        seen = (self._oval > 0) & (self._grey > _NEARLY_BLACK) & (self._grey < _NEARLY_WHITE)
        grain = _GRAIN * self.contrast()
        return float((fine[seen] < grain).mean()) if seen.any() else 0.0

    def chroma(self) -> float:
        """How much colour (CIELAB chroma) the skin has: none in grey photos and in stone."""
        _, a, b = self._hue()
        return float(np.hypot(a, b))

    def _hue(self) -> Floats:
        names = (*CHEEKS[0], *CHEEKS[1], *FOREHEAD)
        middle: Floats = np.median(self._skin(self._lab, names), axis=0)
        return middle

    def pattern(self) -> float:
        """How far a regular pattern stands out of the face's finest detail; 1 where none is.

        Screens and prints that were photographed have one. Multiples of an eighth are JPEG's own.
        """
        grey = (self.native @ _LUMA).astype(np.float32)
        side = min(512, *grey.shape)
        if side < 64:
            return 1.0
        top, left = ((length - side) // 2 for length in grey.shape)
        part = grey[top : top + side, left : left + side]
        window = np.hanning(side)[:, None] * np.hanning(side)
        power = np.abs(np.fft.rfft2((part - cv2.GaussianBlur(part, (0, 0), 1.5)) * window))
        return _peak(power.astype(np.float32), side)

    def texture(self) -> float:
        """Fine grain of the cheeks in levels; drawings and smoothed faces have hardly any."""
        grey = (self.native @ _LUMA).astype(np.float32)
        fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
        scale = self.native.shape[0] / self.rgb.shape[0]
        values = _around(fine, self.points * scale, (*CHEEKS[0], *CHEEKS[1]), self.height)
        return float(np.std(values))

    def _skin(self, picture: Floats, names: tuple[int, ...]) -> Floats:
        """Return the pixels (n, ...) around some landmarks."""
        shown = self.height * self.rgb.shape[0] / self.native.shape[0]
        return _around(picture, self.points, names, shown)


def _along(picture: Floats, way: Points) -> Floats:
    """Return the mean of three lanes of a picture (H, W) along a way (n, 2) of x, y."""
    down = way[-1] - way[0]
    across = np.array([-down[1], down[0]]) / max(float(np.linalg.norm(down)), 1e-6)
    lanes = np.stack([way + step * across for step in (-1, 0, 1)]).astype(np.float32)
    values = cv2.remap(
        picture, lanes[..., 0], lanes[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mean: Floats = np.asarray(values, np.float32).mean(0)
    return mean


def _peak(power: Floats, side: int) -> float:
    """Return the highest amplitude of a half spectrum (side, side / 2 + 1) over its own ring's."""
    fy, fx = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    radius = np.hypot(fy, fx)
    eighths = [np.abs(f * 8 - np.round(f * 8)) < 8 * 2.5 / side for f in (fy, fx)]
    asked = (radius > _COARSE) & (radius < 0.5) & ~(eighths[0] & eighths[1])
    rings = np.round(radius * 64).astype(int)
    highest = 1.0
    for ring in np.unique(rings[asked]):
        values = power[asked & (rings == ring)]
        highest = max(highest, float(values.max() / max(np.percentile(values, 90), 1e-3)))
    return highest


def _around(picture: Floats, points: Points, names: tuple[int, ...], height: float) -> Floats:
    radius = max(1, round(PATCH * height))
    found = []
    for name in names:
        x, y = np.round(points[name]).astype(int)
        part = picture[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        if part.size:
            found.append(part.reshape(-1, *picture.shape[2:]))
    if not found:
        return np.zeros((1, *picture.shape[2:]), np.float32)
    joined: Floats = np.concatenate(found)
    return joined

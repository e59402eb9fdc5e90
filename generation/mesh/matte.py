"""The person cut out of the photo: coverage, the person's own colours, and what is behind.

A pixel at the edge of hair is a mixture: I = a F + (1 - a) B. The coverage a comes from a small
network and is sharpened at the photo's edges; B is continued from the background around the
person; F is what is then left. Where nothing moves, putting the two together again is the photo.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.person import segmenter
from generation.mesh.filling import continue_texture, fill_smoothly
from generation.mesh.sampling import blur, polygon, smoothstep

TRUSTED = 0.8  # of the face that must be called person, or the network is not believed
WORKING_SIDE = 768  # px; the network sees 256, and finer hair is not told from its background
EDGE = 0.014  # of the picture's longer side: how far the photo's edges may correct the coverage
FLAT = 1e-4  # variance of brightness (0..1) below which there is no edge to follow
HOLE = 0.01  # of the picture: smaller holes inside the person are the person's things
RIM = 0.010  # of the longer side around the person that may hold loose hair and its blur
REACH = 0.012  # of the longer side that the background's own texture goes on behind
SOLID = 0.5  # coverage from which a pixel's own colour is believed


@dataclass(frozen=True)
class Matte:
    """A photo as two layers.

    Attributes:
        cover: (H, W) 0..1, how much of each pixel is the person.
        person: (H, W, 3) the person's colours, continued a little beyond the edge.
        behind: (H, W, 3) the background, continued behind the person.
    """

    cover: Floats
    person: Image
    behind: Image


def find_matte(frame: Image, points: Points) -> Matte | None:
    """Cut the person with landmarks (478, 3) px out of a frame (H, W, 3).

    Returns None where the network does not see a person at the face: then there is no matte.
    """
    factor = min(1.0, WORKING_SIDE / max(frame.shape[:2]))
    small = _resized(frame, factor)
    oval = polygon(small.shape[:2], points[list(topology.FACE_OVAL), :2] * factor)
    seen = segmenter()(small)
    if float((seen * oval).sum()) < TRUSTED * float(oval.sum()):
        return None
    matte = _layers(small, _whole(_sharpened(seen, small), oval))
    return matte if factor == 1 else _enlarged(matte, frame)


def _enlarged(matte: Matte, frame: Image) -> Matte:
    """Return a matte of the frame (H, W, 3) from one of the frame made smaller.

    Only where person and background mix, the smaller one's colours are used; elsewhere each layer
    is the frame's own.
    """
    size = (frame.shape[1], frame.shape[0])
    rim = 2 * max(2, round(RIM * max(matte.cover.shape))) + 3
    near = cv2.dilate(matte.cover, np.ones((rim, rim), np.uint8))

    def layer(small: Image, own: Floats) -> Image:
        large = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
        weight = np.asarray(cv2.resize(own, size, interpolation=cv2.INTER_LINEAR), np.float32)
        return np.asarray(cv2.blendLinear(frame, large, weight, 1 - weight), np.uint8)

    person = layer(matte.person, np.clip((matte.cover - 0.9) * 10, 0, 1))
    behind = layer(matte.behind, np.clip(1 - 50 * np.asarray(near, np.float32), 0, 1))
    cover = np.asarray(cv2.resize(matte.cover, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return Matte(cover, person, behind)


def _resized(frame: Image, factor: float) -> Image:
    if factor == 1:
        return frame
    size = (round(frame.shape[1] * factor), round(frame.shape[0] * factor))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sharpened(seen: Floats, picture: Image) -> Floats:
    """Let the coverage (h, w) follow the picture's edges: guided filter, He and others 2010."""
    guide = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    side = 2 * max(2, round(EDGE * max(seen.shape))) + 1

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, (side, side)), np.float32)

    middle, level = mean(guide), mean(seen)
    slope = (mean(guide * seen) - middle * level) / (mean(guide * guide) - middle**2 + FLAT)
    fitted = mean(slope) * guide + mean(level - slope * middle)
    return np.asarray(np.clip((fitted - 0.05) / 0.9, 0, 1), np.float32)


def _whole(cover: Floats, oval: Floats) -> Floats:
    """Keep the one person that has the face, without holes."""
    inside = (np.maximum(cover, oval) > 0.6).astype(np.uint8)
    _, label = cv2.connectedComponents(inside, connectivity=4)
    face = int(np.bincount(label[oval > 0.5]).argmax())
    rim = 2 * max(2, round(RIM * max(cover.shape))) + 1
    near = cv2.dilate((label == face).astype(np.float32), np.ones((rim, rim), np.uint8))
    cover = cover * blur(np.asarray(near, np.float32), 0.25 * rim)
    count, label, stats, _ = cv2.connectedComponentsWithStats((cover < 0.5).astype(np.uint8))
    height, width = cover.shape
    for number in range(1, count):
        left, top, wide, high, area = (int(v) for v in stats[number])
        inner = left > 0 and top > 0 and left + wide < width and top + high < height
        if inner and area < HOLE * height * width:
            cover = np.maximum(cover, (label == number).astype(np.float32))
    return np.asarray(np.maximum(cover, oval), np.float32)


def _behind(picture: Image, cover: Floats) -> Floats:
    """Return the background (h, w, 3), continued behind the person."""
    longer = max(cover.shape)
    margin = 2 * max(2, round(RIM * longer)) + 1
    person = cv2.dilate(cover, np.ones((margin, margin), np.uint8))
    known = (person < 0.02).astype(np.float32)
    return continue_texture(picture, known, REACH * longer)


def _layers(frame: Image, cover: Floats) -> Matte:
    """Split the frame (H, W, 3) into the person's and the background's colours."""
    with ThreadPoolExecutor(1, thread_name_prefix="matte") as beside:
        continued = beside.submit(_behind, frame, cover)
        beyond = fill_smoothly(frame.astype(np.float32), (cover > 0.95).astype(np.float32))
        behind = continued.result()
    cover = _with_strands(cover, frame, beyond, behind)
    a = cover[..., None]
    unmixed = np.clip((frame - (1 - a) * behind) / np.maximum(a, 0.1), 0, 255)
    trust = smoothstep((a / SOLID).astype(np.float64))
    person = _bytes(beyond + (unmixed - beyond) * trust)
    return Matte(cover, person, _bytes(behind))


def _with_strands(cover: Floats, frame: Image, person: Floats, behind: Floats) -> Floats:
    """Add loose hair around the person that the network is too coarse for.

    A pixel's place on the line from the background's to the person's colour says how much of it
    is hair, where the two differ enough and the person is near.
    """
    apart = person - behind
    length = np.einsum("hwc,hwc->hw", apart, apart)
    share = np.einsum("hwc,hwc->hw", frame - behind, apart) / np.maximum(length, 1)
    reach = max(2.0, RIM * max(cover.shape))
    near = np.clip(2 * blur(cover, reach), 0, 1)
    differs = smoothstep((np.sqrt(length) / 60).astype(np.float64) - 0.5)
    strands = np.clip((share - 0.15) / 0.7, 0, 1) * near * differs
    return np.asarray(np.maximum(cover, np.where(near > 0.05, strands, 0)), np.float32)


def _bytes(values: Floats | Points) -> Image:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def softened(matte: Matte, sigma: float) -> Image:
    """Return the background (H, W, 3) out of focus by `sigma` px."""
    factor = min(1.0, 4 / max(sigma, 1.0))
    small = _resized(matte.behind, factor).astype(np.float32)
    soft = blur(small, max(0.5, sigma * factor))
    size = (matte.behind.shape[1], matte.behind.shape[0])
    return _bytes(np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC), np.float32))

"""The mesh engine: one photo and control curves in, frames out, on a CPU.

No learnt generator: landmarks, geometry and compositing. What is drawn is the photo itself, the
person bent before a background that holds still; only the inside of the mouth is painted.
"""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import numpy as np

from generation.faces import FaceLandmarker
from generation.faces.arrays import Floats, Image, Points
from generation.mesh.calibration import Opening, calibrate
from generation.mesh.creases import Creases
from generation.mesh.eyelids import eyelids
from generation.mesh.fields import build_layers, invert
from generation.mesh.foreground import take_away
from generation.mesh.framing import choose_crop, cut
from generation.mesh.gaze import SMALLEST, gazes
from generation.mesh.grading import grade
from generation.mesh.headmotion import HeadMotion
from generation.mesh.layering import Layers
from generation.mesh.lips import Lips, MouthMaps
from generation.mesh.mouth_shapes import measure_grin, measure_mouth
from generation.mesh.sampling import Box, affine, enlarge
from generation.mesh.scene import AS_IN_PHOTO, Scene
from generation.mesh.shapes import shape_weights
from generation.mesh.spectacles import take_off
from generation.mesh.subject import find_subject
from generation.motion.curves import Controls, Curves
from generation.sharing import ahead, in_order

BROWS_BEHIND_RIMS = 0.5  # of their rise: where they touch, rim and brow cannot be told apart
MIN_SIDE, MAX_SIDE = 128, 3840


class _Moved(NamedTuple):
    """What a frame is drawn from: everything that depends on the frame before it.

    Attributes:
        controls: of the frame.
        head: (rows, columns, 2) px, where the head goes.
        upper: (rows, columns, 2) px, where the picture comes from, as the upper lip sees it; only
            about the mouth.
        lower: the same as the lower lip sees it, everywhere.
        rims: the same for the rims of glasses, which follow the head alone; None without any.
    """

    controls: Controls
    head: Floats
    upper: Floats
    lower: Floats
    rims: Floats | None


class MeshEngine:
    """A prepared photo, ready to be drawn with any curves.

    Attributes:
        name: how a permit and a manifest call this engine.
        version: changes whenever the same input would give other pixels.
        frame: (height, width, 3) RGB, the photo as framed and lit, before anything moves.
        points: (478, 3) px, the landmarks in it.
        opening: how much further than asked the mouth is shut and opened, from the calibration.
        cut_out: whether the person was cut out of the background.
        framed: whether the photo had room for the framing that was asked for.
    """

    name = "mesh"
    version = "2.14"

    def __init__(
        self,
        photo_rgb: Image,
        width: int = 512,
        height: int = 512,
        *,
        scene: Scene = AS_IN_PHOTO,
        landmarker: FaceLandmarker | None = None,
    ) -> None:
        """Find the face, frame it and prepare everything that does not change between frames.

        Args:
            photo_rgb: (H, W, 3) uint8 of any size, upright, one face.
            width: of the frames, px.
            height: of the frames, px.
            scene: what surrounds the person; as in the photo when not given.
            landmarker: one to share; loaded when not given.

        Raises:
            FaceNotFound: the photo shows no face.
            SeveralFaces: it shows more than one.
            ValueError: the photo is not RGB uint8, or the frame is too small or too large.
        """
        _check(photo_rgb, width, height)
        finder = landmarker or FaceLandmarker()
        found = finder.only(photo_rgb)
        size = photo_rgb.shape[:2], (height, width)
        crop = choose_crop(found.points, *size, scene.zoom)
        self.framed = not scene.zoom or crop != choose_crop(found.points, *size)
        self.frame = cut(photo_rgb, crop, width, height)
        scale = np.array([width / crop.width, height / crop.height, width / crop.width])
        moved = (found.points - (crop.left, crop.top, 0)) * scale
        self.points: Points = finder.track(self.frame, moved).points
        self.frame = grade(self.frame, self.points, scene.light)
        self._prepare(scene)
        self.opening = calibrate(self.points, finder, self._opened)

    def _prepare(self, scene: Scene) -> None:
        layers = Layers.of(self.frame, self.points, scene)
        self.cut_out, self._around = layers.cut_out, layers.whole()
        layers, things = take_away(layers, self.frame, self.points)
        subject, self._rims = take_off(find_subject(layers.person, self.points))
        self._before = things.before(subject) if things else None
        held = things.holding(subject) if things else None
        self._subject = subject
        self._cutout = layers.cutout(subject)
        self._layers = build_layers(subject)
        self._grin = measure_grin(measure_mouth(subject.head))
        with ThreadPoolExecutor(1, thread_name_prefix="prepare") as beside:  # ends by waiting
            lips = beside.submit(Lips, subject, self._cutout.picture)
            self._creases = Creases(subject, self._grin)
            self._motion = HeadMotion(subject, cut_out=self.cut_out, held=held)
            self._lids = eyelids(subject)
            self._gazes = gazes(subject)
            self._lips = lips.result()
        self._mouth = subject.grid.around(self._lips.box)
        height, width = subject.shape
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        self._pixels: Floats = np.stack([columns, rows], -1).astype(np.float32)

    def _opened(self, asked: list[Curves], opening: Opening) -> list[Image]:
        """Draw the first frame of each as a calibration asks."""
        self.opening = opening
        return list(in_order(lambda curves: next(self.render(curves)), asked, len(asked)))

    def render(self, curves: Curves, threads: int = 1) -> Generator[Image, None, None]:
        """Yield one (height, width, 3) uint8 RGB frame per row of `curves`.

        Lazy and of constant memory; the same curves give the same bytes each time, by however
        many threads. Close it to end them, with ``contextlib.closing``.

        Args:
            curves: the movement.
            threads: that draw; beside them one goes ahead with how everything moves.
        """
        moved = self._moved(curves)
        if threads > 1:
            moved = ahead(moved, threads)
        with closing(moved), closing(in_order(self._draw, moved, threads)) as frames:
            yield from frames

    def _moved(self, curves: Curves) -> Generator[_Moved, None, None]:
        """Yield how everything moves, frame by frame: each begins where the last one ended."""
        grid = self._subject.grid
        upper = lower = rims = None
        for index in range(len(curves)):
            c = curves.at(index)
            if self._rims:
                c = c._replace(brow=BROWS_BEHIND_RIMS * c.brow)
            head = self._motion.field(c)
            up, down = self._layers.mix(shape_weights(c, self.opening, self._grin))
            lower = invert(down + head, grid, lower)
            upper = invert(up + head, grid, upper, self._mouth)
            if self._rims:
                rims = invert(head, grid, rims)
            yield _Moved(c, head, self._in_mouth(upper), lower, rims)

    def _draw(self, moved: _Moved) -> Image:
        c = moved.controls
        source = self._everywhere(moved.lower)
        region, cover = self._looking(source, c.gaze)
        box = self._lips.box
        part = np.ascontiguousarray(source[box[1] : box[3], box[0] : box[2]])
        maps = MouthMaps(self._within(moved.upper, box), part)
        self._lips.compose(region, maps, c, self._drift(moved.head))
        for lid in self._lids:
            lid.draw(region, source, c.blink)
        self._creases.draw(region, moved.lower, c)
        if self._rims and moved.rims is not None:
            self._rims.draw(region, self._within(moved.rims, self._rims.box))
        self._cutout.over(region, cover)
        if self._before:
            self._before.draw(region)
        return self._into_frame(region)

    def _looking(self, source: Floats, gaze: float) -> tuple[Image, Image]:
        """Return the person with the eyes turned, and the cover; `source` stays as it was."""
        if abs(gaze) < SMALLEST:
            return self._cutout.sample(source)
        straight = [eye.part(source).copy() for eye in self._gazes]
        for eye in self._gazes:
            eye.shift(source, gaze)
        seen = self._cutout.sample(source)
        for eye, part in zip(self._gazes, straight, strict=True):
            eye.part(source)[:] = part
        return seen

    def _in_mouth(self, part: Floats) -> Floats:
        """Return an inverse field about the mouth in its place; nothing moves elsewhere."""
        whole = self._subject.grid.positions.copy()
        whole[self._mouth] = part
        return whole

    # The displacement is enlarged, not the position: what does not move then stays exact.
    def _everywhere(self, back: Floats) -> Floats:
        """Return an inverse field at every pixel of the region: (h, w, 2) px."""
        height, width = self._subject.shape
        moved = enlarge(back - self._subject.grid.positions, (width, height))
        moved += self._pixels
        return moved

    def _within(self, back: Floats, box: Box) -> Floats:
        """Return an inverse field at every pixel of `box`: (h, w, 2) px."""
        grid, size = self._subject.grid, (box[2] - box[0], box[3] - box[1])
        moved = affine(back - grid.positions, grid.enlarge_matrix(box), size, inverse=True)
        moved += self._pixels[box[1] : box[3], box[0] : box[2]]
        return moved

    def _drift(self, head: Floats) -> Points:
        """Return the head's own motion (2,) px at the mouth."""
        box, grid = self._lips.box, self._subject.grid
        row = int((box[1] + box[3]) / 2 / grid.step[1])
        column = int((box[0] + box[2]) / 2 / grid.step[0])
        drift: Points = head[row, column].astype(np.float64)
        return drift

    def _into_frame(self, region: Image) -> Image:
        if region.shape == self.frame.shape:
            return region
        left, top, right, bottom = self._subject.place
        out = self._around.copy()
        out[top:bottom, left:right] = region
        return out


def _check(photo: Image, width: int, height: int) -> None:
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError("The photo must be an (H, W, 3) uint8 array of RGB.")
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise ValueError(f"Frames must be {MIN_SIDE} to {MAX_SIDE} pixels wide and high.")

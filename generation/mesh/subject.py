"""The head that is drawn: its picture, its landmarks and its place in the frame."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.headpose import HeadPose, fit_head
from generation.mesh.sampling import Box, sample

GRID = 128  # columns of the coarse grid that fields live on
REGION = 2.6  # side of the region that moves, in face heights
REGION_ABOVE = 0.53  # of it above the face's centre: hair needs more room than the neck

Part = tuple[slice, slice]  # rows and columns of a grid
WHOLE: Part = (slice(None), slice(None))


@dataclass(frozen=True)
class Grid:
    """A coarse grid of cells over a region; fields are computed in their middles and enlarged."""

    columns: int
    rows: int
    step: tuple[float, float]  # px, width and height of a cell

    @classmethod
    def over(cls, width: int, height: int) -> "Grid":
        """Lay GRID columns over a region of (width, height) px, cells about square."""
        rows = max(16, round(GRID * height / width))
        return cls(GRID, rows, (width / GRID, height / rows))

    @cached_property
    def positions(self) -> Floats:
        """(rows, columns, 2) px of the cells' middles."""
        x = (np.arange(self.columns) + 0.5) * self.step[0] - 0.5
        y = (np.arange(self.rows) + 0.5) * self.step[1] - 0.5
        return np.stack(np.meshgrid(x, y), -1).astype(np.float32)

    @cached_property
    def flat(self) -> Points:
        """(rows * columns, 2) px, for interpolation."""
        return self.positions.reshape(-1, 2).astype(np.float64)

    @cached_property
    def _cells_per_px(self) -> Floats:
        """(rows, columns, 2): as large as the grid, as numpy is slow where it repeats a pair."""
        return np.full_like(self.positions, 1) * np.array(
            [1 / self.step[0], 1 / self.step[1]], np.float32
        )

    def sample(self, field: Floats, where: Floats, part: Part = WHOLE) -> Floats:
        """Return a field (rows, columns, c) at a position (r, c, 2) px for each cell of a part."""
        cells = where + np.float32(0.5)
        cells *= self._cells_per_px[part]
        cells -= np.float32(0.5)
        return sample(field, cells)

    def around(self, box: Box) -> Part:
        """Return the cells that any pixel of `box` lies between."""
        (step_x, step_y), (left, top, right, bottom) = self.step, box
        rows = slice(max(0, int(top / step_y) - 1), int(bottom / step_y) + 2)
        return rows, slice(max(0, int(left / step_x) - 1), int(right / step_x) + 2)

    def enlarge_matrix(self, box: Box) -> Points:
        """(2, 3) matrix that takes pixels of `box` to grid coordinates."""
        (step_x, step_y), (left, top) = self.step, box[:2]
        return np.array(
            [
                [1 / step_x, 0, (left + 0.5) / step_x - 0.5],
                [0, 1 / step_y, (top + 0.5) / step_y - 0.5],
            ]
        )


@dataclass(frozen=True)
class Subject:
    """A face in the frame.

    Attributes:
        picture: (h, w, 3) RGB, the region of the frame that can move.
        place: where the region lies in the frame.
        at_edge: which of its left, top and right sides are the frame's own.
        points: (468, 2) px in the region.
        pose: head space (cm) to region pixels.
        head: (468, 3) cm, the face in head space.
        face_height: forehead to chin, px.
        grid: over the region.
    """

    picture: Image
    place: Box
    at_edge: tuple[bool, bool, bool]
    points: Points
    pose: HeadPose
    head: Points
    face_height: float
    grid: Grid

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the region."""
        return self.picture.shape[0], self.picture.shape[1]

    @property
    def mouth_gap(self) -> float:
        """Distance between the inner lips in the photo, cm."""
        upper, lower = topology.UPPER_INNER_LIP_MIDDLE, topology.LOWER_INNER_LIP_MIDDLE
        return float(self.head[upper, 1] - self.head[lower, 1])

    def at(self, vertices: tuple[int, ...]) -> Points:
        """Return the region pixels (n, 2) of some vertices."""
        picked: Points = self.points[list(vertices)]
        return picked


def find_subject(frame: Image, points: Points) -> Subject:
    """Cut the region that moves out of a picture (H, W, 3) with landmarks (478, 3) px."""
    height, width = frame.shape[:2]
    oval = points[list(topology.FACE_OVAL), :2].mean(0)
    face = float(np.linalg.norm(points[topology.FOREHEAD, :2] - points[topology.CHIN, :2]))
    side = face * REGION
    left, right = oval[0] - side / 2, oval[0] + side / 2
    top, bottom = oval[1] - side * REGION_ABOVE, oval[1] + side * (1 - REGION_ABOVE)
    place = (
        max(0, int(np.floor(left))),
        max(0, int(np.floor(top))),
        min(width, int(np.ceil(right))),
        min(height, int(np.ceil(bottom))),
    )
    local = points[: topology.MESH_POINTS].astype(np.float64) - (place[0], place[1], 0)
    pose = fit_head(local)
    picture = np.ascontiguousarray(frame[place[1] : place[3], place[0] : place[2]])
    grid = Grid.over(picture.shape[1], picture.shape[0])
    at_edge = (place[0] == 0, place[1] == 0, place[2] == width)
    return Subject(picture, place, at_edge, local[:, :2], pose, pose.to_head(local), face, grid)

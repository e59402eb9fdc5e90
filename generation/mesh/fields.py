"""Vertex offsets spread over the picture, twice: as the upper and as the lower lip see it.

One field cannot open a mouth: between the lips it would have to jump. The upper layer leaves out
the vertices of the lower lip and the other way round; each is smooth, and the compositing takes
each side of the mouth from its own layer. Away from the lips both agree.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator  # type: ignore[import-untyped]
from scipy.spatial import Delaunay  # type: ignore[import-untyped]

from generation.faces.arrays import Floats, Points
from generation.faces.topology import FACE_OVAL, LOWER_LIP, MESH_POINTS, UPPER_LIP
from generation.mesh.sampling import blur
from generation.mesh.shapes import build_shapes
from generation.mesh.subject import WHOLE, Grid, Part, Subject

STILL_RINGS = (1.28, 1.9)  # nothing moves from here on, times the face oval
SMOOTHING = 0.8  # grid cells; takes the edges of the triangles out
DAMPING = 0.62
WARM_ITERATIONS, COLD_ITERATIONS = 5, 25


@dataclass(frozen=True)
class LipLayers:
    """Basis fields of both layers: (K, rows * columns * 2) px each."""

    upper: Floats
    lower: Floats
    grid: Grid

    def mix(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the upper and lower field (rows, columns, 2) px for shape weights (K,)."""
        shape = (self.grid.rows, self.grid.columns, 2)
        # einsum, not @: a threaded BLAS would wake its workers for this little every frame.
        upper, lower = (np.einsum("k,kn->n", weights, b) for b in (self.upper, self.lower))
        return upper.reshape(shape), lower.reshape(shape)


def build_layers(subject: Subject) -> LipLayers:
    """Spread every shape over the subject's grid, once per photo."""
    offsets = subject.pose.offsets_to_pixels(build_shapes(subject.head))  # (K, 468, 2)
    per_vertex = offsets.transpose(1, 0, 2)  # (468, K, 2)
    return LipLayers(
        _spread(subject, per_vertex, without=LOWER_LIP),
        _spread(subject, per_vertex, without=UPPER_LIP),
        subject.grid,
    )


def still_points(subject: Subject) -> Points:
    """Return points (n, 2) px that never move: rings around the face and the region's border."""
    oval = subject.at(FACE_OVAL)
    centre = oval.mean(0)
    rings = [centre + (oval - centre) * factor for factor in STILL_RINGS]
    height, width = subject.shape
    border = [(x, y) for x in (0, width / 2, width) for y in (0, height / 2, height)]
    border.remove((width / 2, height / 2))
    return np.vstack([*rings, np.array(border, np.float64)])


def invert(field: Floats, grid: Grid, start: Floats | None, part: Part = WHOLE) -> Floats:
    """Return where the picture of each grid point of a part comes from: (rows, columns, 2) px.

    A forward field says where a pixel goes; drawing needs the inverse. Damped fixed point
    b <- b + d (y - b - F(b)); the last frame's answer is a good start for the next.
    """
    home = grid.positions[part]
    back = home if start is None else start
    for _ in range(COLD_ITERATIONS if start is None else WARM_ITERATIONS):
        back = back + np.float32(DAMPING) * (home - back - grid.sample(field, back, part))
    return back


def _spread(subject: Subject, per_vertex: Points, *, without: tuple[int, ...]) -> Floats:
    """Interpolate offsets (468, K, 2) over the grid; returns (K, rows * columns * 2)."""
    keep = np.setdiff1d(np.arange(MESH_POINTS), without)
    still = still_points(subject)
    count = per_vertex.shape[1]
    values = np.vstack([per_vertex[keep].reshape(len(keep), -1), np.zeros((len(still), count * 2))])
    places = Delaunay(np.vstack([subject.points[keep], still]))
    spread = LinearNDInterpolator(places, values, fill_value=0)(subject.grid.flat)
    planes = spread.reshape(subject.grid.rows, subject.grid.columns, count, 2).astype(np.float32)
    smooth = [blur(np.ascontiguousarray(planes[:, :, k]), SMOOTHING) for k in range(count)]
    return np.stack(smooth).reshape(count, -1)

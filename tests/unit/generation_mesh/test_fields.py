"""Where the picture of each grid point comes from."""

import numpy as np
import pytest

from generation.mesh.fields import invert
from generation.mesh.subject import Grid


@pytest.mark.parametrize(
    "box", [(200, 260, 330, 350), (0, 0, 40, 30), (470, 480, 512, 512), (511, 0, 512, 512)]
)
def test_a_part_is_inverted_to_the_same_bytes_as_the_whole(box):
    grid = Grid.over(512, 512)
    rng = np.random.default_rng(1)
    field = rng.normal(0, 1.5, (grid.rows, grid.columns, 2)).astype(np.float32)
    part = grid.around(box)
    whole, alone = invert(field, grid, None), invert(field, grid, None, part)
    assert (alone == whole[part]).all()
    again = invert(field, grid, alone, part)
    assert (again == invert(field, grid, whole)[part]).all()
    matrix = grid.enlarge_matrix(box)  # pixels of the box lie between cells of the part
    corners = np.array([[0, 0, 1], [box[2] - box[0] - 1, box[3] - box[1] - 1, 1]]) @ matrix.T
    low, high = np.clip(corners, 0, [grid.columns - 1, grid.rows - 1])
    rows, columns = (
        range(*each.indices(n)) for each, n in zip(part, grid.positions.shape[:2], strict=True)
    )
    assert columns[0] <= np.floor(low[0])
    assert rows[0] <= np.floor(low[1])
    assert columns[-1] >= np.ceil(high[0])
    assert rows[-1] >= np.ceil(high[1])

"""Names for the array types that pass between the parts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Floats = NDArray[np.float32]
Points = NDArray[np.float64]  # (n, 2) or (n, 3)
Mask = NDArray[np.bool_]
AnyArray = NDArray[Any]

"""Networks as face-api.js keeps them: a manifest beside weights of one byte each."""

import functools
import json
from typing import Any

import numpy as np

from generation import weights
from generation.faces.arrays import Floats


@functools.cache
def read(content: str, manifest: str) -> dict[str, Floats]:
    """Return the weights by name, float32; most are kept as one byte each.

    Raises:
        WeightsInvalid: the files are not the pinned ones.
    """
    entries: list[dict[str, Any]] = json.loads(weights.path(manifest).read_text())[0]["weights"]
    data, at = weights.path(content).read_bytes(), 0
    found: dict[str, Floats] = {}
    for entry in entries:
        scale = entry.get("quantization")
        kind = np.dtype(np.uint8 if scale else np.float32)
        count = int(np.prod(entry["shape"]))
        raw = np.frombuffer(data, kind, count, at).reshape(entry["shape"]).astype(np.float32)
        found[entry["name"]] = raw * scale["scale"] + scale["min"] if scale else raw
        at += count * kind.itemsize
    return found


def convolve(x: Floats, kernel: Floats, stride: int) -> Floats:
    """Return x (H, W, in) under kernel (k, k, in, out): (H', W', out), unpadded."""
    size = kernel.shape[0]
    high, wide = ((n - size) // stride + 1 for n in x.shape[:2])
    out = np.zeros((high * wide, kernel.shape[3]), np.float32)
    for row in range(size):
        for column in range(size):
            part = x[row:, column:][: high * stride : stride, : wide * stride : stride]
            out += part.reshape(high * wide, -1) @ kernel[row, column]
    return out.reshape(high, wide, -1)

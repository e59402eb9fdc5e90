"""MediaPipe's canonical face (468 vertices, cm), read out of the .task file it ships in.

The metadata member is a protocol buffer: field 1 is a Mesh3d whose repeated field 3 holds the
vertex buffer as floats, five a vertex (x, y, z, u, v). x points to the depicted person's left, y
up, z to the viewer.
"""

import functools
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from generation import weights
from generation.errors import WeightsInvalid
from generation.faces.arrays import Points
from generation.faces.topology import MESH_POINTS

_MEMBER = "geometry_pipeline_metadata_landmarks.binarypb"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@functools.cache
def canonical_mesh() -> Points:
    """Return the (468, 3) canonical vertices in cm, not writable."""
    vertices = _read(weights.path("face_landmarker.task"))
    vertices.flags.writeable = False
    return vertices


def _read(task: Path) -> Points:
    with zipfile.ZipFile(task) as archive:
        content = archive.read(_MEMBER)
    mesh = next(value for number, value in _fields(content) if number == 1)
    buffer = b"".join(value for number, value in _fields(mesh) if number == 3)
    values = np.array(struct.unpack(f"<{len(buffer) // 4}f", buffer), np.float64)
    if values.size != MESH_POINTS * 5:
        raise WeightsInvalid(f"{task} holds no canonical mesh of {MESH_POINTS} vertices")
    return np.ascontiguousarray(values.reshape(MESH_POINTS, 5)[:, :3])


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (field number, raw bytes) of a protocol buffer; numbers come without their bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        size = 0
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise WeightsInvalid(f"unknown protocol buffer wire type {kind}")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at

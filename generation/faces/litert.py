"""One of MediaPipe's networks, run by LiteRT on one thread."""

import zipfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

from generation.faces.arrays import Floats


class Network:
    """A .tflite network with one input; outputs are found by name, as their order may change."""

    def __init__(self, file: Path, member: str = "") -> None:
        """Load `member` of a .task file (a zip), or a .tflite file itself.

        One thread: several faster workers beat one with threads, and results stay deterministic.
        """
        content = _member(file, member) if member else file.read_bytes()
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {
            detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()
        }

    def __call__(self, values: Floats) -> dict[str, Floats]:
        """Run on `values` (the network's input shape) and return copies of all outputs."""
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(values))
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(at) for name, at in self._outputs.items()}


def _member(task: Path, name: str) -> bytes:
    with zipfile.ZipFile(task) as archive:
        return archive.read(name)

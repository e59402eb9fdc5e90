"""LSE-C and LSE-D by SyncNet, where the operator has its weights: they do not come along.

Architecture and protocol of Chung and Zisserman, "Out of time" (2016), as in their published code:
five mouth pictures of 224 x 224 at 25 frames a second against 0.2 s of 13 MFCC at 100 Hz. Written
anew from the description; the operator's file is the state dict of that code.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from scipy.fft import dct  # type: ignore[import-untyped]

from generation.audio import SAMPLE_RATE, Speech
from generation.audio.voiceprint import Floats
from generation.errors import EngineMissing, WeightsInvalid
from generation.evaluation.measures import DOWN, NEITHER, UP, Measure
from generation.faces.arrays import Image, Points

if TYPE_CHECKING:
    import torch

FPS = 25.0
SIDE, WINDOW, REACH = 224, 5, 15
ABSENT = (
    "SyncNet's weights are not here (they cannot be shipped): give a state dict of the published "
    "code with --syncnet FILE to have LSE-C and LSE-D beside these numbers."
)
_BATCH = 20
_MFCC, _PER_FRAME = 13, 4  # coefficients; steps of 10 ms a frame
_FACE_NARROW, _FACE_WIDE = 96, 512


def missing(note: str = ABSENT) -> list[Measure]:
    """Return the measures where they cannot be taken, with the reason."""
    return [
        Measure("LSE_C", np.nan, "", UP, note=note),
        Measure("LSE_D", np.nan, "", DOWN, note=note),
    ]


class SyncNet:
    """The two encoders, ready to judge."""

    def __init__(self, state: Path) -> None:
        """Read a state dict of the published code; only tensors are accepted.

        Raises:
            EngineMissing: torch is not installed.
            WeightsInvalid: the file is not that state dict.
        """
        try:
            import torch  # noqa: PLC0415  an extra of its own, and slow to load
        except ImportError as error:
            raise EngineMissing(
                "torch is not installed, so SyncNet cannot run.",
                remedy="Install it with: pip install 'rakkan[gpu]'; or leave --syncnet out.",
            ) from error
        self._torch = torch
        self._net = network()
        try:
            found = torch.load(state, map_location="cpu", weights_only=True)
            self._net.load_state_dict(found)
        except Exception as error:
            raise WeightsInvalid(
                f"{state.name} is not the state dict of SyncNet: {str(error)[:200]}",
                remedy="Give the file syncnet_v2.model of the published code, or one saved alike.",
            ) from error
        self._net.eval()

    def judge(self, faces: Iterable[Image], speech: Speech) -> list[Measure]:
        """Return LSE-C, LSE-D and the offset.

        Args:
            faces: (224, 224, 3) RGB, one each 40 ms, from the beginning of the sound.
            speech: the sound.
        """
        pictures = np.stack(list(faces))
        sound = mfcc(speech.samples)
        count = min(len(pictures) - WINDOW, len(sound) // _PER_FRAME - WINDOW)
        if count < 2 * REACH:
            return missing(f"SyncNet needs at least {2 * REACH + WINDOW} frames at 25 a second.")
        seen = self._embedded("lip", lambda at: _pictures(pictures, at), count)
        heard = self._embedded("aud", lambda at: _sounds(sound, at), count)
        distances = shifted(seen, heard)
        best = int(distances.argmin())
        least = float(distances[best])
        note = "SyncNet of the operator"
        return [
            Measure("LSE_C", float(np.median(distances)) - least, "", UP, note=note),
            Measure("LSE_D", least, "", DOWN, note=note),
            Measure("syncnet_lag", float(REACH - best), "frames of 40 ms", NEITHER, note=note),
        ]

    def _embedded(self, side: str, batch: Any, count: int) -> Floats:
        torch, parts = self._torch, []
        with torch.inference_mode():
            for start in range(0, count, _BATCH):
                at = np.arange(start, min(start + _BATCH, count))
                inputs = torch.from_numpy(batch(at))
                parts.append(getattr(self._net, f"forward_{side}")(inputs).numpy())
        found: Floats = np.concatenate(parts)
        return found


def shifted(seen: Floats, heard: Floats) -> Floats:
    """Return the mean distance (2 * REACH + 1,) of pictures (n, d) to sound shifted each way."""
    padded = np.pad(heard, ((REACH, REACH), (0, 0)))
    rows = [
        # 1e-6 as torch's pairwise_distance, which the published code uses
        np.linalg.norm(seen - padded[at : at + len(seen)] + 1e-6, axis=1)
        for at in range(2 * REACH + 1)
    ]
    means: Floats = np.stack(rows).mean(1)
    return means


def mouth_crop(picture: Image, points: Points) -> Image:
    """Return the face as SyncNet saw faces: (224, 224, 3), a box 1.8 times the face's."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    centre, half = (low + high) / 2 + (0, 0.1 * (high - low)[1]), 0.7 * float((high - low).max())
    scale = SIDE / (2 * half)
    shift = SIDE / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE)), np.uint8)


def mfcc(samples: Floats) -> Floats:
    """Return (n, 13) cepstral coefficients at 100 Hz as python_speech_features makes them."""
    emphasised = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1]) * 32768
    width, hop, size = 400, 160, 512
    padded = np.pad(emphasised, (0, width))
    rows = max(1, 1 + -(-(samples.size - width) // hop))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[: rows * hop : hop]
    power = np.abs(np.fft.rfft(windows, size)) ** 2 / size
    energy = np.maximum(power.sum(1), np.finfo(float).eps)
    bands = np.maximum(power @ _triangles(size).T, np.finfo(float).eps)
    found = dct(np.log(bands), type=2, axis=1, norm="ortho")[:, :_MFCC]
    found = found * (1 + 11 * np.sin(np.pi * np.arange(_MFCC) / 22))
    found[:, 0] = np.log(energy)
    return np.asarray(found, np.float32)


def _triangles(size: int, count: int = 26) -> Floats:
    """Return (26, size / 2 + 1) mel triangles."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    bins = np.floor((size + 1) * edges / SAMPLE_RATE)
    at = np.arange(size // 2 + 1)
    rising = (at - bins[:-2, None]) / np.maximum(bins[1:-1] - bins[:-2], 1)[:, None]
    falling = (bins[2:, None] - at) / np.maximum(bins[2:] - bins[1:-1], 1)[:, None]
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None), np.float32)


def _pictures(pictures: Image, at: Any) -> Floats:
    """Return (n, 3, 5, 224, 224) in BGR 0..255, as OpenCV gave them to the published code."""
    windows = np.stack([pictures[start : start + WINDOW] for start in at])[..., ::-1]
    return np.ascontiguousarray(windows.transpose(0, 4, 1, 2, 3), dtype=np.float32)


def _sounds(sound: Floats, at: Any) -> Floats:
    """Return (n, 1, 13, 20)."""
    long = WINDOW * _PER_FRAME
    windows = np.stack([sound[start * _PER_FRAME : start * _PER_FRAME + long] for start in at])
    return np.ascontiguousarray(windows.transpose(0, 2, 1)[:, None], dtype=np.float32)


def network(width: int = 64, side: int = 1024) -> torch.nn.Module:
    """Return the two encoders with random weights.

    Args:
        width: channels of the first sound layer; 64 as published.
        side: numbers of an embedding; 1024 as published.
    """
    from generation.evaluation.syncnet_layers import Encoders  # noqa: PLC0415  loads torch

    return Encoders(width, side)

"""A second invisible mark, by a neural network on one key frame a second: rivaGan.

Zhang et al., "Robust Invisible Video Watermarking with Attention", 2019 (arXiv:1909.01285), as
invisible-watermark ships it. It was learnt, ours was designed: what is aimed at one need not hit
the other. It costs about a second of one core a key frame, and so it is made where a GPU worker's
time makes that small, or where the operator asks for it.
"""

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.second import WORD_BITS, chance_of, word_bits
from generation.errors import EngineMissing, InputError
from generation.weights import verified

if TYPE_CHECKING:
    from imwatermark.rivaGan import RivaWatermark

Frame = NDArray[np.uint8]  # (H, W, 3) RGB

_PINNED = {
    "rivagan_decoder.onnx": "6b006690cf352fa50a91a0b6d6241dbcded0a9957969e2c0665cf9a7011b3880",
    "rivagan_encoder.onnx": "66bc7814fadac7d686105c8ab26c6cf2cc8e40deb83e67bb6ef5b9de9b8ece0d",
}
_NEEDS = ("imwatermark", "onnxruntime", "torch")
_DRIVER = Path("/dev/nvidiactl")  # there where a program can use an NVIDIA card
_SIDE = 512  # pixels
_MOST_READ = 6  # pictures: the same bits fail in each, so that more of them say little more


class Choice(StrEnum):
    """What ``RAKKAN_SECOND_MARK`` may say."""

    AUTO = "auto"  # where a GPU is
    ON = "on"
    OFF = "off"

    def wanted(self) -> bool:
        """Say whether a worker that was told this makes a second mark."""
        return self is Choice.ON or (self is Choice.AUTO and _DRIVER.exists() and not lacking())


def lacking() -> list[str]:
    """Return the packages that the second mark needs and that are not installed."""
    return [name for name in _NEEDS if importlib.util.find_spec(name) is None]


class SecondMark(Protocol):
    """What writes another mark into some frames, before ours is laid over all of them."""

    def models(self) -> dict[str, str]:
        """Return weight file -> SHA-256 of what it writes with."""
        ...

    def due(self, index: int) -> bool:
        """Say whether frame ``index`` (from 0) gets it; the encoder makes a key frame of it."""
        ...

    def mark(self, rgb: Frame) -> Frame:
        """Return a frame with the mark in it."""
        ...


class RivaGan:
    """Writes the word of one asset; a :class:`SecondMark`."""

    def __init__(self, word: bytes, fps: int) -> None:
        """Load the networks.

        Args:
            word: 4 bytes, from the carrier.
            fps: of the video: one frame a second is marked.

        Raises:
            EngineMissing: a package is not installed.
            WeightsInvalid: a weight file is not the pinned one.
        """
        self._network = _networks()(list(word_bits(word)), WORD_BITS)
        self._every = fps

    def models(self) -> dict[str, str]:
        """Return weight file -> SHA-256."""
        name = "rivagan_encoder.onnx"
        return {name: _PINNED[name]}

    def due(self, index: int) -> bool:
        """Say whether frame ``index`` is the first of a second."""
        return index % self._every == 0

    def mark(self, rgb: Frame) -> Frame:
        """Return a marked copy of an (H, W, 3) frame; samples change by a few levels.

        The network writes into a picture of one size, and what it changes is enlarged: so its cost
        does not grow with the frame, and a copy of another size is read alike.
        """
        small = _canonical(rgb)
        # BGR, as invisible-watermark's own decoder reads it; it cuts decimals off, half a level
        marked = np.asarray(self._network.encode(np.ascontiguousarray(small[..., ::-1])))
        change = marked[..., ::-1].astype(np.float32) + 0.5 - small
        height, width = rgb.shape[:2]
        enlarged = cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(np.rint(rgb + enlarged), 0, 255), np.uint8)


@dataclass(frozen=True)
class Found:
    """How a video answers to a word.

    Attributes:
        agreeing: bits of 32 that its pictures say alike, by majority.
        chance: of as many by accident (a p-value), for one word.
        frames: pictures that were read.
    """

    agreeing: int
    chance: float
    frames: int


def read_words(video: Path, words: Sequence[bytes]) -> list[Found]:
    """Compare the first seconds of a video, or of a re-encoded copy, with each of some words.

    Raises:
        InputError: it is not a video.
        EngineMissing: a package is not installed.
        WeightsInvalid: a weight file is not the pinned one.
    """
    network = _networks()([0] * WORD_BITS, WORD_BITS)  # what it would write says nothing here
    said = [network.decode(_canonical(frame)) for frame in _looked_at(video)]
    votes = np.mean(said, axis=0) > 0.5
    agreeing = [int(np.sum(votes == word_bits(word).astype(bool))) for word in words]
    return [Found(count, chance_of(count), len(said)) for count in agreeing]


def _canonical(frame: Frame) -> Frame:
    """Return a frame whose shorter side has the size that the mark is written and read at."""
    height, width = frame.shape[:2]
    scale = _SIDE / min(height, width)
    size = (max(_SIDE, round(width * scale)), max(_SIDE, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=how), np.uint8)


def _looked_at(video: Path) -> list[Frame]:
    """Return pictures a second apart from the start, (H, W, 3) BGR: in a whole copy, the marked."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            apart = max(1, round(float(stream.average_rate or 25)))
            some = islice(container.decode(stream), 0, _MOST_READ * apart, apart)
            found = [np.asarray(each.to_ndarray(format="bgr24"), np.uint8) for each in some]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise InputError(
            f"{video} is not a video: {error}.", remedy="Name a video file."
        ) from error
    if not found:
        raise InputError(f"{video} has no pictures.", remedy="Name a video file.")
    return found


@functools.cache
def _networks() -> "type[RivaWatermark]":
    """Load both networks once a process, after a look at their bytes."""
    if missing := lacking():
        raise EngineMissing(
            f"The second mark needs {', '.join(missing)}, not installed here.",
            remedy="Install requirements/worker-gpu.txt.",
        )
    from imwatermark import rivaGan  # noqa: PLC0415  it loads torch

    for name, digest in _PINNED.items():
        verified(Path(rivaGan.__file__).with_name(name), digest)
    network: type[RivaWatermark] = rivaGan.RivaWatermark
    network.loadModel()
    return network

"""Frames drawn by a process beside this one, handed over in memory that both share.

A frame is some three hundred short calls of OpenCV and numpy, and after each a thread waits for
Python's lock. Where one thread marks and encodes what others draw, cores stand idle for a fifth of
the time; processes do not wait for each other (docs/decisions/0108).

The memory has no name in any file system, and is gone with the last process that holds it. Who
draws was forked by a server that has loaded libraries and nothing else, sees one job, and ends with
it: after the last frame, when nobody wants more of them, or when who asked for them was killed.
"""

import math
import mmap
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from generation import memory
from generation.errors import EngineError

Frame = NDArray[np.uint8]  # (H, W, 3) RGB
Draw = Callable[[], Generator[Frame, None, None]]

_HELD = 3  # frames in the memory: one is looked at, one waits, one is being put in
_FORKED = multiprocessing.get_context("forkserver")
_spent = 0.0


class _Told(NamedTuple):
    """What the process that draws says.

    Attributes:
        place: of a finished frame in the memory; None with the last word.
        cpu: seconds that it has computed.
        broke: what went wrong.
    """

    place: int | None
    cpu: float
    broke: str = ""


class _Room:
    """Room for some frames; sent to another process it is the same room."""

    def __init__(self, shape: tuple[int, ...], descriptor: int) -> None:
        self._shape, self._descriptor = shape, descriptor
        mapped = mmap.mmap(descriptor, _HELD * math.prod(shape))
        self.frames: Frame = np.frombuffer(mapped, np.uint8).reshape(_HELD, *shape)

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Self:
        descriptor = os.memfd_create("frames", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, _HELD * math.prod(shape))
        return cls(shape, descriptor)

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (self._shape, DupFd(self._descriptor))

    def close(self) -> None:
        """Let go of the descriptor; what is mapped goes with the last frame."""
        os.close(self._descriptor)


def _received(shape: tuple[int, ...], sent: Any) -> _Room:
    return _Room(shape, sent.detach())


def get_ready(*modules: str) -> None:
    """Start the server, which then loads ``modules``: the first video need not wait for it.

    Raises:
        EngineError: it does not start here.
    """
    _FORKED.set_forkserver_preload(list(modules))
    try:
        multiprocessing.forkserver.ensure_running()
    except OSError as error:
        raise EngineError(
            f"No process can be started to draw beside the worker: {error}.",
            remedy="Give the worker a TMPDIR that it may write to, and room for processes.",
        ) from error


def spent() -> float:
    """Return the CPU seconds of all processes that have drawn for this one and have ended."""
    return _spent


def drawn_apart(draw: Draw, shape: tuple[int, ...]) -> Generator[Frame, None, None]:
    """Yield the frames that ``draw`` yields in a process of its own.

    A frame holds until the next is asked for. Close it to end the process, with
    ``contextlib.closing``.

    Args:
        draw: can be sent to another process, with all that it needs.
        shape: of each frame.

    Raises:
        EngineError: drawing broke off, or the process died.
    """
    with ExitStack() as ends:
        room = ends.enter_context(closing(_Room.of(shape)))
        ours, theirs = (ends.enter_context(end) for end in _FORKED.Pipe())
        process = _FORKED.Process(target=_work, args=(draw, room, theirs), name="draw", daemon=True)
        process.start()
        ends.callback(process.join)
        ends.callback(process.kill)  # it holds nothing that would have to be put away
        theirs.close()
        yield from _looked_at(ours, room.frames)


def _looked_at(theirs: Connection, frames: Frame) -> Generator[Frame, None, None]:
    global _spent
    while True:
        try:
            told: _Told = theirs.recv()
        except (EOFError, ConnectionError) as error:
            raise EngineError(
                "The process that draws died.",
                remedy="Look whether the machine has memory enough; the job is tried again.",
            ) from error
        if told.broke:
            raise EngineError(f"Drawing broke off: {told.broke}")
        if told.place is None:
            _spent += told.cpu
            return
        yield frames[told.place]
        with suppress(ConnectionError):  # it has said its last word
            theirs.send(told.place)


def _work(draw: Draw, room: _Room, asked: Connection) -> None:
    """Draw into the memory, in the process that was forked for it."""
    # Who asked decides what a signal to all processes means, and ends this one.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory.keep()
    cv2.setNumThreads(1)
    room.close()
    with suppress(EOFError, ConnectionError):  # who asked is gone
        try:
            _fill(draw, room.frames, asked)
        except Exception as error:  # noqa: BLE001  whatever it is, who asked has to know
            asked.send(_Told(None, time.process_time(), f"{type(error).__name__}: {error}"))


def _fill(draw: Draw, frames: Frame, asked: Connection) -> None:
    free = list(range(_HELD))
    with closing(draw()) as drawn:
        for frame in drawn:
            while not free or asked.poll():
                free.append(asked.recv())
            place = free.pop()
            frames[place] = frame
            asked.send(_Told(place, time.process_time()))
    asked.send(_Told(None, time.process_time()))

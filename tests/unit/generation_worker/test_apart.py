"""A process draws beside the worker: the same frames, and it never outlives who asked for them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from compliance.canonical import sha256_hex
from generation import apart, engines
from generation.audio import Speech
from generation.drawing import Take
from generation.errors import EngineError
from generation.media.photo import load_photo
from generation.motion.curves import Curves

SHAPE = (2, 3, 3)
ENDED = 10.0  # s within which a process is gone


def numbered(most=None):
    """Frames that say their number."""
    for number in count() if most is None else range(most):
        yield np.full(SHAPE, number % 256, np.uint8)


def said_by_whom():
    """One frame that holds the number of the process that drew it, then many more."""
    yield np.frombuffer(os.getpid().to_bytes(18, "little"), np.uint8).reshape(SHAPE)
    yield from numbered()


def broken():
    yield np.zeros(SHAPE, np.uint8)
    raise ValueError("the second")


def busy(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    yield np.zeros(SHAPE, np.uint8)


def who(frame):
    return int.from_bytes(frame.tobytes(), "little")


def gone(pid):
    until = time.monotonic() + ENDED
    while time.monotonic() < until:
        with suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.01)
                continue
        return True
    return False


def test_every_frame_comes_once_and_in_order():
    with closing(apart.drawn_apart(partial(numbered, 20), SHAPE)) as frames:
        assert [int(frame[0, 0, 0]) for frame in frames] == list(range(20))


def test_another_process_draws_and_ends_when_nobody_wants_more():
    with closing(apart.drawn_apart(said_by_whom, SHAPE)) as frames:
        pid = who(next(frames))
        assert pid != os.getpid()
        os.kill(pid, signal.SIGTERM)  # as a supervisor signals to all processes of a worker
        assert [int(next(frames)[0, 0, 0]) for _ in range(8)] == list(range(8))
    assert gone(pid)


def test_the_frames_lie_in_no_file_system():
    with closing(apart.drawn_apart(said_by_whom, SHAPE)) as frames:
        pid = who(next(frames))
        shared = [
            line.split(maxsplit=5)
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
            if " rw-s " in line
        ]
        assert [line[5] for line in shared] == ["/memfd:frames (deleted)"]


def test_what_breaks_while_drawing_is_told():
    with closing(apart.drawn_apart(broken, SHAPE)) as frames:
        next(frames)
        with pytest.raises(EngineError, match="ValueError: the second"):
            next(frames)


def test_a_process_that_is_killed_ends_the_job():
    with closing(apart.drawn_apart(said_by_whom, SHAPE)) as frames:
        os.kill(who(next(frames)), signal.SIGKILL)
        with pytest.raises(EngineError, match="died"):
            list(frames)


def test_what_it_computed_is_counted():
    before = apart.spent()
    with closing(apart.drawn_apart(partial(busy, 0.2), SHAPE)) as frames:
        list(frames)
    assert 0.2 <= apart.spent() - before < 5


@pytest.fixture(scope="module")
def drawing(portrait):
    return engines.get(engines.MESH).prepare(load_photo(portrait).rgb, 256, 256)


def drawn(drawing, threads):
    """The SHA-256 of some frames, and whether a process drew them."""
    curves, before = (
        Curves.rest(4).with_(gap=np.linspace(0, 0.6, 4, dtype=np.float32)),
        apart.spent(),
    )
    take = Take(curves, Speech(np.zeros(1600, np.float32)), threads=threads)
    with closing(drawing.frames(take)) as frames:
        return [sha256_hex(frame.tobytes()) for frame in frames], apart.spent() > before


def test_beside_the_worker_the_same_frames_are_drawn(drawing):
    here, by_another = drawn(drawing, 1)
    assert not by_another
    assert drawn(drawing, 2) == (here, True)


def test_frames_too_large_to_send_what_they_need_are_drawn_here(drawing, monkeypatch):
    monkeypatch.setattr(engines, "_LARGEST_APART", drawing.frame.size - 1)
    assert drawn(drawing, 2) == (drawn(drawing, 1)[0], False)


def test_who_asked_is_killed_and_the_process_ends():
    program = (
        "import sys\n"
        "from generation import apart\n"
        "from tests.unit.generation_worker import test_apart as t\n"
        "frames = apart.drawn_apart(t.said_by_whom, t.SHAPE)\n"
        "print(t.who(next(frames)), flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, **pipes) as asking:
        pid = int(asking.stdout.readline())
        asking.send_signal(signal.SIGKILL)
    assert gone(pid)

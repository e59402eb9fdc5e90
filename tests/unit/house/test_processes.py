"""Processes: restarted when they die, gone when they should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import processes
from deploy.local.errors import LocalError
from deploy.local.processes import Child, Program

WAIT = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def make(command: list[str], **options: object) -> Child:
        program = Program("example", command, {"PATH": os.environ["PATH"]}, **options)  # type: ignore[arg-type]
        children.append(Child(program, tmp_path))
        children[-1].start()
        return children[-1]

    yield make
    for child in children:
        child.stop()


def said_up(child: Child) -> bool:
    return child.log.exists() and "up" in child.log.read_text()


def test_a_killed_process_is_started_again_after_its_pause(
    launch: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.0)
    child = launch(WAIT)
    child._pause = 0.0
    first = child.pid
    assert first is not None
    assert not child.revive()
    os.kill(first, signal.SIGKILL)
    assert child.process is not None
    child.process.wait()
    assert child.revive()
    assert child.pid not in (None, first)
    assert child.restarts == 1


def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly(
    launch: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr(processes.time, "monotonic", lambda: clock)
    child = launch([sys.executable, "-c", ""])
    pauses = []
    for _ in range(9):
        assert child.process is not None
        child.process.wait()
        died = clock
        while not child.revive():
            clock += 0.25
        pauses.append(clock - died)
    assert pauses == sorted(pauses)
    assert pauses[0] <= 0.75
    assert pauses[-1] == processes.LONGEST_PAUSE


def test_stopping_ends_what_a_process_had_started_itself(launch: Callable[..., Child]) -> None:
    grandchild = "import subprocess, sys, signal; p = subprocess.Popen(['sleep', '600']);"
    child = launch(
        [sys.executable, "-c", f"{grandchild} print(p.pid, 'up', flush=True); signal.pause()"],
    )
    child.program = Program(**{**vars(child.program), "ready": lambda: said_up(child)})
    child.wait_ready(10)
    orphan = psutil.Process(int(child.log.read_text().split()[0]))
    child.stop()
    assert psutil.wait_procs([orphan], timeout=10)[1] == []


def test_a_process_that_will_not_end_is_killed_after_its_grace(
    launch: Callable[..., Child],
) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True)\n"
    child = launch([sys.executable, "-c", deaf + "while True: signal.pause()"], grace=0.2)
    child.program = Program(**{**vars(child.program), "ready": lambda: said_up(child)})
    child.wait_ready(10)
    pid = child.pid
    assert pid is not None
    child.stop()
    assert not psutil.pid_exists(pid)


def test_children_end_with_a_supervisor_that_was_killed(tmp_path: Path, checkout: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from deploy.local.processes import Child, Program
child = Child(Program("example", {WAIT!r}, {{"PATH": "/usr/bin"}}), Path({str(tmp_path)!r}))
child.start()
print(child.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as supervisor:  # fmt: skip
        assert supervisor.stdout is not None
        orphan = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    assert psutil.wait_procs([orphan], timeout=10)[1] == []


def test_a_process_that_ends_at_once_is_reported_with_its_last_words(
    launch: Callable[..., Child],
) -> None:
    child = launch([sys.executable, "-c", "raise SystemExit('no such key')"], ready=lambda: False)
    with pytest.raises(LocalError, match="no such key") as caught:
        child.wait_ready(10)
    assert str(child.log) in caught.value.remedy

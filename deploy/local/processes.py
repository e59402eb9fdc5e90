"""Child processes that are watched, restarted and never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.layout import ROOT

PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it is up.

    Attributes:
        name: Short name; its log is ``<name>.log``.
        command: Program and arguments.
        environment: The whole environment of the process, nothing is added to it.
        stop_signal: What asks it to end in good order.
        grace: Seconds until it is killed after `stop_signal`.
        account: Account to run as, when that is not ours (only root can).
        stdin: Bytes that it reads at its start (a configuration that no other process may list).
        ready: Answers whether it serves; None when nobody waits for it.
        server: Whether others need it until they have ended themselves.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 20.0
    account: str | None = None
    stdin: bytes | None = None
    ready: Callable[[], bool] | None = None
    server: bool = False


class Child:
    """One running `Program`: started, restarted with growing pauses, stopped."""

    def __init__(self, program: Program, log_folder: Path) -> None:
        """Prepares; nothing runs before `start`."""
        self.program = program
        self.log = log_folder / f"{program.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Starts the program in a session of its own, its output appended to the log."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        program = self.program
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(program.command),
                cwd="/" if program.account else ROOT,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL if program.stdin is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent(program.stop_signal, os.getpid()),
                user=program.account,
                group=program.account,
                extra_groups=[] if program.account else None,
            )
        if self.process.stdin is not None and program.stdin is not None:
            with self.process.stdin as pipe:
                pipe.write(program.stdin)
        self._started = time.monotonic()

    def wait_ready(self, seconds: float, given_up: Callable[[], bool] = lambda: False) -> None:
        """Waits until the program serves, or until the caller has `given_up`.

        Raises:
            LocalError: It ended, or did not get there in `seconds`; says where its log is.
        """
        deadline = time.monotonic() + seconds
        while self.program.ready is not None and not given_up() and not self.program.ready():
            if self.pid is None or time.monotonic() > deadline:
                happened = "ended at once" if self.pid is None else f"was not up in {seconds:.0f} s"
                raise LocalError(
                    "not-started",
                    f"{self.program.name} {happened}. Its last words:\n{self.last_words()}",
                    f"Read {self.log} for the rest.",
                )
            time.sleep(0.05)

    def revive(self) -> bool:
        """Starts the program again if it died and its pause is over; tells whether it did."""
        if self.pid is not None:
            return False
        now = time.monotonic()
        if self._not_before == 0.0:
            steady = now - self._started > STEADY_SECONDS
            self._pause = FIRST_PAUSE if steady else self._pause
            self._not_before = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if now < self._not_before:
            return False
        self._not_before = 0.0
        self.restarts += 1
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """Asks the program to end in good order, and does not wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)

    def stop(self, *, asked: bool = False) -> None:
        """Ends the program, and kills its whole session if it does not end within its grace.

        Args:
            asked: Whether `ask_to_stop` was called already; a second signal may mean haste.
        """
        process = self.process
        if process is None:
            return
        if not asked:
            self.ask_to_stop()
        if process.poll() is None:
            try:
                process.wait(self.program.grace)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._kill_session(process.pid)
        self.process = None

    def _kill_session(self, group: int) -> None:
        """Ends what the program itself had started and left."""
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def last_words(self, lines: int = 15) -> str:
        """Returns the end of the log."""
        if not self.log.exists():
            return "(nothing)"
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def _end_with_parent(stop_signal: signal.Signals, parent: int) -> Callable[[], None]:
    """Has the kernel stop the child when its supervisor dies, however it dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


def stop_all(children: Sequence[Child]) -> None:
    """Stops those that nobody needs all at once, then the servers, the last started first."""
    for child in children:
        if not child.program.server:
            child.ask_to_stop()
    for server in (False, True):
        for child in reversed(children):
            if child.program.server is server:
                child.stop(asked=not server)

"""Renewing the lease from a thread, and knowing when to stop."""

import threading
import time
from types import TracebackType
from typing import Self

from generation.worker.client import JobClient, Lease
from generation.worker.errors import Cancelled, LeaseLost, PlatformError, WorkerStopping


class Heartbeat:
    """Tells the platform how far the job is while the block runs.

    The work calls :meth:`check` between frames; the thread only notes what it learns.
    """

    def __init__(self, job: JobClient, lease: Lease, stopping: threading.Event) -> None:
        """Prepare; ``stopping`` is set when the process should end."""
        self._job = job
        self._lease = lease
        self._stopping = stopping
        self._ended = threading.Event()
        self._cancelled = False
        self._lost = False
        self._progress, self._stage = 0.0, "starting"
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the thread and wait for it."""
        self._ended.set()
        self._thread.join()

    def check(self, progress: float, stage: str) -> None:
        """Note the progress (0..1) and stop the work if it must not go on.

        Raises:
            LeaseLost: the platform said so, or has not been reached for as long as the lease.
            Cancelled: the platform asked to stop.
            WorkerStopping: this process is to end.
        """
        self._progress, self._stage = progress, stage
        if self._lost or time.monotonic() - self._renewed > self._lease.seconds:
            raise LeaseLost("The lease of this job is gone.")
        if self._cancelled:
            raise Cancelled("The job was cancelled.")
        if self._stopping.is_set():
            raise WorkerStopping("The worker was asked to stop.", remedy="The job is tried again.")

    def renew(self) -> None:
        """Beat once, now; the thread does the same every few seconds."""
        asked = time.monotonic()
        try:
            self._cancelled |= self._job.heartbeat(self._progress, self._stage)
        except LeaseLost:
            self._lost = True
        except PlatformError:
            return  # a restarting platform is forgiven until the lease is over
        self._renewed = asked

    def _beat(self) -> None:
        while not self._ended.wait(self._lease.heartbeat_seconds):
            self.renew()
            if self._lost:
                return

"""The shell around the runner: queue, life cycle and logging. The work is in `runner`."""

import functools
import logging
import os
import threading
from typing import Any

import cv2
from celery import Celery
from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from celery.worker import state

from generation import engines
from generation.errors import GenerationError, MemoryExhausted
from generation.worker.errors import PlatformError
from generation.worker.presence import Presence
from generation.worker.runner import JobRunner, Outcome
from generation.worker.settings import WorkerSettings

EXHAUSTED = os.EX_TEMPFAIL  # 75, the status with which a process without GPU memory ends

_log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every heartbeat helps nobody
_stopping = threading.Event()

app = Celery("rakkan-generation", broker=os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0"))
app.conf.update(
    task_default_queue="cpu",
    task_ignore_result=True,
    # The message is gone as soon as work begins: PostgreSQL holds the lease and the platform sends
    # a lost job again. Late acknowledgement would deliver long jobs twice (visibility timeout).
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600, "socket_keepalive": True},
    worker_soft_shutdown_timeout=10,
    task_serializer="json",
    accept_content=["json"],
    worker_enable_remote_control=True,  # `celery inspect ping` is the health check
    enable_utc=True,
)


@functools.cache
def runner() -> JobRunner:
    """Return this process's runner, made at first use.

    Raises:
        SettingsError: the environment does not say what it needs.
    """
    return JobRunner(WorkerSettings.from_environment(), _stopping)


@functools.cache
def _presence() -> Presence:
    return Presence(runner().announce)


@app.task(name="generation.run", throws=(PlatformError,))
def run(job_id: str, **_unknown: Any) -> str:
    """Do one job; unknown arguments are for newer workers."""
    outcome = runner().run(job_id)
    if outcome is Outcome.EXHAUSTED:
        _stopping.set()  # what is asked for meanwhile is for others
        state.should_stop = EXHAUSTED  # type: ignore[assignment]  # the supervisor starts a process whose memory is free
    return outcome.value


@worker_init.connect
def _begin(**_: Any) -> None:
    """Fail at start rather than at the first job when a setting is missing; load what is large.

    Raises:
        SystemExit: with what is missing. Celery would note any other error that a handler of its
            signals raises, and work on.
    """
    _stopping.clear()
    cv2.setNumThreads(1)  # the runner's threads share the cores; OpenCV's own would fight them
    try:
        for name in runner().engines:
            engines.get(name).warm()
    except MemoryExhausted as error:
        _log.error("%s %s", error, error.remedy)
        raise SystemExit(EXHAUSTED) from error
    except GenerationError as error:
        raise SystemExit(f"{error} {error.remedy}") from error
    _presence().start()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """On SIGTERM the current job stops between two frames and is handed back."""
    _log.info("Stopping: the current job is handed back.")
    _stopping.set()


@worker_shutdown.connect
def _end(**_: Any) -> None:
    _presence().end()
    runner().close()

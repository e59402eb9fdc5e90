"""The processes of Rakkan itself: web, render workers, sealing worker and clerk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local import probes
from deploy.local.processes import Program


def programs(
    site: str,
    platform: Callable[[str], Mapping[str, str]],
    drawing: Mapping[str, str],
    beat: Path,
    gpu: Mapping[str, str] | None = None,
) -> list[Program]:
    """Lists the processes, run by the Python that runs this.

    Args:
        site: Address of the web process.
        platform: Returns the environment of a process of the platform: each holds its own keys.
        drawing: Environment of the render worker, which learns no secret of the platform.
        beat: File in which the clerk keeps its schedule.
        gpu: Environment of the worker that draws with portraittalk, if there is to be one.
    """
    quiet = {
        **platform("clerk"),
        "RAKKAN_LOG_LEVEL": "WARNING",
    }  # it has something to do every second
    web = ["-m", "gunicorn", "rakkan.config.wsgi:application", "--bind", site.split("//")[1]]
    web += ["--workers", "1", "--threads", "4", "--timeout", "120", "--no-control-socket"]
    clerk = [*_worker("rakkan.config", "default"), "-B", "--schedule", str(beat)]
    found = [
        Program("web", [sys.executable, *web], platform("web"), ready=lambda: probes.serves(site)),
        Program("render", _worker("generation.worker", "cpu"), drawing),
        Program("seal", _worker("rakkan.config", "seal"), platform("seal")),
        Program("clerk", clerk, quiet),
    ]
    return [*found, gpu_program(gpu)] if gpu is not None else found


def gpu_program(told: Mapping[str, str]) -> Program:
    """Returns the worker on the queue `gpu`; it loads its networks before it takes anything."""
    return Program("gpu", _worker("generation.worker", "gpu"), told)


def _worker(app: str, queue: str) -> list[str]:
    options = ["-Q", queue, "-P", "solo", "-c", "1", "-n", f"{queue}@%h", "--loglevel", "INFO"]
    # The workers never talk to each other: PostgreSQL knows who does what.
    options += ["--without-gossip", "--without-mingle"]
    return [sys.executable, "-m", "celery", "-A", app, "worker", *options]

"""Run the gate in a process that has seen nothing of the file: it opens it anew, and then ends.

Whatever sealing has loaded, cached or broken in its own process says nothing there, and a decoder
that dies takes that process along instead of the worker. A server forks it, with the libraries
loaded (:mod:`rakkan.releases.fresh`): a whole start takes two seconds, this some milliseconds.
"""

import multiprocessing
import multiprocessing.forkserver
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path

from rakkan.releases.checks import GateCheck
from rakkan.releases.services.gate import Expected

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["rakkan.releases.fresh"])


def get_ready() -> None:
    """Start the server, which then loads the libraries: the first video need not wait for it."""
    multiprocessing.forkserver.ensure_running()


def gate_run_apart(path: Path, expected: Expected) -> list[GateCheck]:
    """Return what :func:`rakkan.releases.services.gate.gate_run` says in a process of its own.

    Raises:
        RuntimeError: that process died, or the gate broke off in it.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=_FORKED) as pool:
        try:
            return pool.submit(_checked, path, expected).result()
        except BrokenProcessPool as error:
            raise RuntimeError("the gate's process died over the file") from error


def _checked(path: Path, expected: Expected) -> list[GateCheck]:
    gate = import_module("rakkan.releases.services.gate")
    checks: list[GateCheck] = gate.gate_run(path, expected)
    return checks

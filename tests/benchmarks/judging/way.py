"""The whole way of a minute of video: from its sound to a file that was marked, signed and checked.

The platform, its workers and its servers run as in operation, on this machine, with the leases of
operation; what people do in between (to submit, to approve) is not counted, what programs do is.
The worker that draws has heard the track when it was measured, a moment before, and remembers it
(docs/decisions/0096).
"""

from __future__ import annotations

import math
import os
import tempfile
import time
import wave
from contextlib import ExitStack, suppress
from pathlib import Path

from deploy.local.testing import test_servers
from tests.benchmarks.harness import Figure
from tests.benchmarks.samples import FIXTURES
from tests.servers import settings_environment, timestamps
from tests.stack import running_site
from tests.steps import approve, cast_with_consents, measured_draft

SECONDS = 60.0
_MOST = 900.0  # s until it has to be released
_OVER = {"released", "rejected", "cancelled", "stopped", "failed", "revoked"}


def way() -> list[Figure]:
    """Take one production the whole way."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rakkan-way-")))
        long, seconds = _repeated(folder / "minute.wav")
        servers = stack.enter_context(test_servers(durable=True))
        os.environ |= settings_environment(servers, folder)
        os.environ["TSA_URL"] = stack.enter_context(timestamps(folder))
        os.environ["DJANGO_SETTINGS_MODULE"] = "rakkan.config.settings"
        site = stack.enter_context(running_site(servers, folder, leases={}))
        people = stack.enter_context(site.people())
        cast = cast_with_consents(people)
        began, busy = time.perf_counter(), _cpu_seconds()
        path = measured_draft(people, cast, long)
        measured = time.perf_counter() - began
        approve(people, path)
        began = time.perf_counter()
        ended = people.requester.wait(path, lambda found: found["state"] in _OVER, _MOST)
        made, busy = time.perf_counter() - began, _cpu_seconds() - busy
    if ended["state"] != "released":
        raise AssertionError(f"The production ended {ended['state']}: {ended['problem']}")
    note = f"{seconds:.0f} s of video by {measured + made:.0f} s of the site's work"
    return [
        Figure("realtime_end_to_end", seconds / (measured + made), "ratio", note),
        Figure("way_measured_s", measured, "s", "the voice track uploaded and measured"),
        Figure("way_released_s", made, "s", "from approval: drawn, marked, signed, checked"),
        Figure("way_cpu_s", busy, "s", "CPU of all processes, also where others compute"),
        Figure("way_cores", busy / (measured + made), "cores", "kept busy, of those there are"),
        Figure("way_load", os.getloadavg()[0], "processes", "wanted a core, last minute"),
    ]


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and all below it, those that have ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
            ticks[int(entry.parent.name)] = sum(int(each) for each in fields[11:15])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours) / os.sysconf("SC_CLK_TCK")


def _repeated(path: Path) -> tuple[Path, float]:
    """Write the sample speech again and again for a minute; returns it and its seconds."""
    with wave.open(str(FIXTURES / "speech.wav"), "rb") as source:
        once = source.readframes(source.getnframes())
        times = math.ceil(SECONDS * source.getframerate() / source.getnframes())
        with wave.open(str(path), "wb") as target:
            target.setparams(source.getparams())
            target.writeframes(once * times)
        return path, times * source.getnframes() / source.getframerate()

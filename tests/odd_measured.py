"""How long each odd file takes and how much memory: ``python -m tests.odd_measured``.

A process apart reads them, as the worker does or as an upload is looked at; its peak is set back
before each file (Linux). Prints the rows of the tables in docs/odd-files.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.odd_files import PORTRAITS, SOUNDS, Odd

ROOT = Path(__file__).resolve().parents[1]
_PATHS = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"}
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Seen:
    """What became of a file.

    Attributes:
        name: of :class:`tests.odd_files.Odd`.
        code: of its refusal, None where it was taken.
        seconds: of one core until then: what else runs meanwhile does not count.
        megabytes: of memory at the highest, over what the process had before.
        size: bytes of the file.
    """

    name: str
    code: str | None
    seconds: float
    megabytes: float
    size: int


def seen_by(side: str, files: Mapping[str, Path]) -> list[Seen]:
    """Let another process read files, one after the other.

    Args:
        side: "portraits" or "sounds" at the worker, "photo" or "track" at the upload.
        files: paths by the names of what they are.
    """
    listed = json.dumps({name: str(path) for name, path in files.items()})
    command = [sys.executable, "-m", "tests.odd_measured", side]
    told = subprocess.run(
        command, input=listed, capture_output=True, text=True, check=True, cwd=ROOT, env=_PATHS
    ).stdout
    return [Seen(**each) for each in json.loads(told)]


def made(odds: Iterable[Odd], folder: Path) -> dict[str, Path]:
    """Write files into a folder; returns them by name."""
    paths = {}
    for number, odd in enumerate(odds):
        paths[odd.name] = folder / f"{number}"
        odd.make(paths[odd.name])
    return paths


def _one(name: str, path: Path, read: Read) -> Seen:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc_pid_clear_refs(5)
    before, began, code = _memory("VmRSS"), time.process_time(), None
    try:
        read(path)
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        code = getattr(error, "code", repr(error))
    seconds = time.process_time() - began
    peak = (_memory("VmHWM") - before) / 1024
    return Seen(name, code, round(seconds, 3), round(peak, 1), path.stat().st_size)


def _memory(name: str) -> int:
    """Return kB of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _worker(side: str) -> Read:
    # Here, so that each side's memory is its own.
    from generation import audio  # noqa: PLC0415
    from generation.media.photo import load_photo  # noqa: PLC0415

    return load_photo if side == "portraits" else audio.load


def _upload(side: str) -> Read:
    from django.conf import settings  # noqa: PLC0415
    from django.core.files import File  # noqa: PLC0415

    blobs = tempfile.mkdtemp()
    settings.configure(
        USE_TZ=True,
        STORAGES={
            "blobs": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": blobs},
            }
        },
    )
    from rakkan.core.uploads import audio_accept, image_accept  # noqa: PLC0415

    accept = image_accept if side == "photo" else audio_accept

    def read(path: Path) -> None:
        with path.open("rb") as file:
            accept(File(file))

    return read


def _table(odds: tuple[Odd, ...], sides: tuple[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = made(odds, Path(folder))
        rows = zip(*(seen_by(side, files) for side in sides), strict=True)
        for worker, upload in rows:
            cells = [worker.name, f"{worker.size / 1e6:.1f}"]
            for seen, well in ((upload, "taken"), (worker, "read")):
                cells += [seen.code or well, f"{seen.seconds:.2f}", f"{seen.megabytes:.0f}"]
            sys.stdout.write("| " + " | ".join(cells) + " |\n")


def _main(side: str | None) -> None:
    if side is None:
        _table(PORTRAITS, ("portraits", "photo"))
        sys.stdout.write("\n")
        _table(SOUNDS, ("sounds", "track"))
        return
    read = _worker(side) if side in ("portraits", "sounds") else _upload(side)
    listed = json.loads(sys.stdin.read())
    seen = [asdict(_one(name, Path(path), read)) for name, path in listed.items()]
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    _main(sys.argv[1] if sys.argv[1:] else None)

"""Have a stranger's file examined: in a process of its own, a few at a time; nothing is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from compliance.verify.examination import Examination, Proposal
from rakkan.core.errors import BadInput, Refused, Unavailable

MAX_BYTES = 96 << 20
_SECONDS = 60.0  # after which an examination is stopped
_AT_ONCE = 3  # over all processes: each takes a processor
_LOCK = 0x56455249  # "VERI": the first of two numbers of an advisory lock


@contextmanager
def examined(
    chunks: Iterable[bytes],
) -> Iterator[tuple[Path, Examination]]:
    """Examine an upload; yield it and what was found. The file is gone when the block ends.

    Args:
        chunks: the bytes.

    Raises:
        BadInput: it is empty or too large.
        Refused: others are being examined; come back in a moment.
        Unavailable: the examination broke off.
    """
    with _place(), tempfile.TemporaryDirectory(prefix="rakkan-verify-") as folder:
        path = Path(folder, "asked")
        _write(path, chunks)
        yield path, _examine(path)


def too_large() -> BadInput:
    """Return what is said of a file that is larger than 96 MiB."""
    return BadInput(
        f"The file is larger than {MAX_BYTES >> 20} MiB.",
        code="file-too-large",
        remedy="Send a part of the video, or a screenshot.",
        status=413,
    )


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    size = 0
    with path.open("wb") as target:
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise too_large()
            target.write(chunk)
    if not size:
        raise BadInput("The file is empty.", code="file-empty", remedy="Choose another file.")


def asked(path: Path, examination: Examination, proposed: list[Proposal]) -> Examination:
    """Return what a file says of the releases that are proposed to it.

    Raises:
        Refused: it takes too long.
        Unavailable: the examination broke off.
    """
    told = examination.to_json().encode() + b"\n" + Proposal.many_to_json(proposed)
    return _examine(path, "--proposed", told=told)


def _examine(path: Path, *options: str, told: bytes = b"") -> Examination:
    key = Path(settings.RAKKAN_KEYS, "watermark.key")
    command = [sys.executable, "-m", "compliance.verify.examine", str(path), *options]
    command += ["--trust", str(settings.RAKKAN_TRUST), "--watermark-key", str(key)]
    # no address of a database, no secret: what decodes strangers' files knows as little as it can
    known = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    known |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter, no shell
            command,
            input=told,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env=known,
            cwd=path.parent,
        )
        return Examination.from_json(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise Refused(
            "It takes too long to look at.",
            code="examination-too-long",
            remedy="Send a part of the video, or a screenshot.",
            status=422,
        ) from error
    except (OSError, subprocess.CalledProcessError, TypeError, ValueError) as error:
        raise Unavailable(
            "Looking at the file broke off.",
            code="examination-broke-off",
            remedy="Send a screenshot of it instead.",
        ) from error


@contextmanager
def _place() -> Iterator[None]:
    """Hold one of a few places; whoever finds none is told so at once instead of waiting."""
    with connection.cursor() as cursor:
        for number in range(_AT_ONCE):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, number])
            if cursor.fetchone() == (True,):
                break
        else:
            raise Refused(
                "Others are looking at files just now.",
                code="busy",
                remedy="Try again in a minute.",
                status=503,
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, number])

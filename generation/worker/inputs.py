"""Fetching the inputs that a permit names, and nothing else."""

import json
from pathlib import Path

from compliance.canonical import file_sha256
from compliance.permit import InputFile, Permit
from generation.gate import Said
from generation.worker.client import Claim, JobClient
from generation.worker.errors import InputMismatch


def fetch_inputs(permit: Permit, claim: Claim, job: JobClient, folder: Path) -> dict[str, Path]:
    """Download every input of the permit and check its size and SHA-256; returns role -> file.

    Raises:
        InputMismatch: an input is missing or is not the approved one.
        PlatformError: it cannot be fetched.
    """
    return {
        item.role: _fetch(item, claim.urls.get(item.sha256), job, folder)
        for item in permit.spec.inputs
    }


def _fetch(item: InputFile, url: str | None, job: JobClient, folder: Path) -> Path:
    if url is None:
        raise InputMismatch(f"The platform offers no {item.role} with digest {item.sha256[:12]}….")
    path = folder / f"input-{item.sha256}"
    job.fetch(url, path, item.size)
    if path.stat().st_size != item.size or file_sha256(path) != item.sha256:
        raise InputMismatch(
            f"The {item.role} that was delivered is not the one that was approved.",
            remedy="Look at the storage: the file under this digest was changed.",
        )
    return path


def read_transcript(path: Path, language: str) -> Said:
    """Read what a track is said to say: the platform's JSON with "text".

    Raises:
        InputMismatch: it is something else.
    """
    try:
        return Said(str(json.loads(path.read_bytes())["text"]), language)
    except (KeyError, TypeError, ValueError) as error:
        raise InputMismatch(
            f"The transcript that was delivered cannot be read: {error!r}.",
            remedy="Let worker and platform be of one version.",
        ) from error

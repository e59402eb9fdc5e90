"""What a worker is told by its environment; anything missing stops it with a sentence."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compliance.signing import KeyRole, StatementVerifier
from generation import engines
from generation.errors import GenerationError
from generation.media.second_mark import Choice, lacking
from generation.sharing import cores

_MOST_THREADS = 4  # by itself: more than the encoder keeps up with, and each holds a frame at work


class SettingsError(GenerationError):
    """The environment does not say what the worker needs to know."""

    code = "worker-settings"


@dataclass(frozen=True)
class WorkerSettings:
    """Where the platform is, who may permit work, where files may lie meanwhile."""

    platform_url: str
    token: str = field(repr=False)
    permit_keys: Path  # permit.pub.pem
    work_dir: Path
    second_mark: Choice = Choice.AUTO
    threads: int = 1  # that listen, and that draw
    engines: tuple[str, ...] = (engines.MESH,)  # that it draws with

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "WorkerSettings":
        """Read what the process was told.

        RAKKAN_PLATFORM_URL, RAKKAN_WORKER_TOKEN, RAKKAN_TRUST, RAKKAN_WORK_DIR, RAKKAN_SECOND_MARK,
        RAKKAN_WORKER_THREADS, RAKKAN_ENGINES.

        Raises:
            SettingsError: a variable is missing; the remedy says which.
            EngineMissing: an engine that it shall draw with is not here.
            WeightsInvalid: the weights of one are not the pinned ones.
        """
        token = environment.get("RAKKAN_WORKER_TOKEN", "")
        if not token:
            raise SettingsError(
                "This worker has no token to show to the platform.",
                remedy="Set RAKKAN_WORKER_TOKEN to the value the platform was started with.",
            )
        keys = Path(environment.get("RAKKAN_TRUST", ".rakkan/trust")) / "permit.pub.pem"
        if not keys.is_file():
            raise SettingsError(
                f"The platform's public permit key {keys} is not there.",
                remedy="Set RAKKAN_TRUST to the folder of public keys that the platform hands out.",
            )
        fallback = Path(tempfile.gettempdir()) / "rakkan-work"
        return cls(
            platform_url=environment.get("RAKKAN_PLATFORM_URL", "http://127.0.0.1:8000"),
            token=token,
            permit_keys=keys,
            work_dir=Path(environment.get("RAKKAN_WORK_DIR", "") or fallback),
            second_mark=_choice(environment.get("RAKKAN_SECOND_MARK") or Choice.AUTO),
            threads=_threads(environment.get("RAKKAN_WORKER_THREADS", "")),
            engines=_engines(environment.get("RAKKAN_ENGINES", "")),
        )

    def verifier(self) -> StatementVerifier:
        """Return the verifier for permits.

        Raises:
            SignatureInvalid: the key file does not hold a public key.
        """
        return StatementVerifier.from_pems(KeyRole.PERMIT, [self.permit_keys.read_bytes()])


def _engines(text: str) -> tuple[str, ...]:
    names = tuple(name for name in (part.strip() for part in text.split(",")) if name)
    for name in names:
        engines.get(name)
    return names or (engines.MESH,)


def _threads(text: str) -> int:
    if not text:
        return min(_MOST_THREADS, cores())
    if not text.isdecimal() or not int(text):
        raise SettingsError(
            f"RAKKAN_WORKER_THREADS is {text!r}.",
            remedy="Set it to how many cores this worker may use, or leave it out.",
        )
    return int(text)


def _choice(text: str) -> Choice:
    try:
        choice = Choice(text)
    except ValueError as error:
        raise SettingsError(
            f"RAKKAN_SECOND_MARK is {text!r}.", remedy=f"Set it to one of {', '.join(Choice)}."
        ) from error
    if choice is Choice.ON and (missing := lacking()):
        raise SettingsError(
            f"The second mark is on and needs {', '.join(missing)}, not installed here.",
            remedy="Install requirements/worker-gpu.txt, or set RAKKAN_SECOND_MARK=off.",
        )
    return choice

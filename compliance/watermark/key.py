"""The secret that decides where a watermark's bits go. Whoever has it can detect and forge."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from compliance.canonical import sha256_hex
from compliance.errors import InvalidInput

_BYTES = 32


@dataclass(frozen=True)
class WatermarkKey:
    """256 random bits."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse secrets that are not 32 bytes long."""
        if len(self.secret) != _BYTES:
            raise InvalidInput(
                f"A watermark key has {_BYTES} bytes, not {len(self.secret)}.",
                code="key-unreadable",
            )

    @classmethod
    def generate(cls) -> Self:
        """Make a new random key."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file: 64 hexadecimal digits.

        Raises:
            InvalidInput: the file is missing or holds something else.
        """
        try:
            return cls(bytes.fromhex(path.read_text(encoding="ascii").strip()))
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The watermark key {path} cannot be read: {error}.",
                code="key-unreadable",
                remedy="Run `make setup` again, or name a readable file of 64 hexadecimal digits.",
            ) from error

    @property
    def key_id(self) -> str:
        """Name of the key, safe to publish: 16 hexadecimal digits of a hash of the secret."""
        return sha256_hex(b"rakkan watermark key id\0" + self.secret)[:16]

    def to_text(self) -> str:
        """Return the content of a key file."""
        return self.secret.hex() + "\n"

    def save(self, path: Path) -> None:
        """Write a key file that only its owner can read; never over an existing one."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(self.to_text())

"""The secrets that decide where a watermark's bits go. Whoever has one can detect and forge."""

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

    @property
    def keys(self) -> "tuple[WatermarkKey, ...]":
        """Return itself: one key is a ring of one."""
        return (self,)

    @property
    def key_id(self) -> str:
        """Name of the key, safe to publish: 16 hexadecimal digits of a hash of the secret."""
        return sha256_hex(b"rakkan watermark key id\0" + self.secret)[:16]

    def to_text(self) -> str:
        """Return the content of a key file."""
        return self.secret.hex() + "\n"


@dataclass(frozen=True)
class KeyRing:
    """The key that marks what is new, and those from before, which still read what they marked.

    Attributes:
        keys: the one in use first.
    """

    keys: tuple[WatermarkKey, ...]

    def __post_init__(self) -> None:
        """Refuse a ring without a key, or with one twice."""
        if not self.keys or len(set(self.keys)) != len(self.keys):
            raise InvalidInput(
                "A ring of watermark keys holds one key or more, each once.", code="key-unreadable"
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of one key a line, 64 hexadecimal digits each.

        Raises:
            InvalidInput: the file is missing or holds something else.
        """
        try:
            lines = path.read_text(encoding="ascii").split()
            return cls(tuple(WatermarkKey(bytes.fromhex(line)) for line in lines))
        except (OSError, ValueError, InvalidInput) as error:
            raise InvalidInput(
                f"The watermark keys {path} cannot be read: {error}.",
                code="key-unreadable",
                remedy="Name a readable file of one key a line, 64 hexadecimal digits each.",
            ) from error

    @property
    def current(self) -> WatermarkKey:
        """The key that marks what is new."""
        return self.keys[0]

    def to_text(self) -> str:
        """Return the content of a key file."""
        return "".join(key.to_text() for key in self.keys)

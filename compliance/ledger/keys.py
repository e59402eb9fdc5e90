"""Keys that sign notes: their names, ids and text form (C2SP signed-note)."""

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger.text import read_base64, to_base64
from compliance.ledger.tiles import MAX_SIZE

_TIME_BYTES = 8
_MAX_NAME = 255  # characters


class KeyKind(IntEnum):
    """The signature types that we make and check, by their byte in the key id."""

    NOTE = 0x01  # Ed25519 over the text: a log's own signature
    COSIGNATURE = 0x04  # Ed25519 over time and text: a witness's (C2SP tlog-cosignature, v1)


def check_name(name: str) -> str:
    """Return a key name.

    Raises:
        LedgerInvalid: it is empty or too long, or has a space, a plus or a control character.
    """
    bad = any(character.isspace() or character == "+" or character < " " for character in name)
    if not name or bad or len(name) > _MAX_NAME:
        raise LedgerInvalid(f"{name[:40]!r} is not the name of a key.", code="key-name")
    return name


@dataclass(frozen=True)
class VerifierKey:
    """A public key under the name of its owner."""

    name: str
    kind: KeyKind
    public: bytes  # 32 bytes, RFC 8032

    @property
    def id(self) -> bytes:
        """``SHA-256(name || 0x0A || signature type || public key)[:4]``."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:4]

    @property
    def text(self) -> str:
        """The *vkey*: ``name+id+base64(type || public key)``."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey.

        Raises:
            LedgerInvalid: it is malformed, its id is not that of its key, or we do not check
                signatures of its type.
        """
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        key = read_base64(encoded, "verifier key")
        if len(key) != 33 or key[0] not in set(KeyKind):
            raise LedgerInvalid(
                f"The key of {name[:40]!r} is of a type that is not known here.", code="key-type"
            )
        verifier = cls(check_name(name), KeyKind(key[0]), key[1:])
        if verifier.id.hex() != stated:
            raise LedgerInvalid(
                f"The id of the key {name!r} is not that of its key.", code="key-id"
            )
        return verifier

    def check(self, text: bytes, signature: bytes) -> int | None:
        """Check a signature over a note's text; return the time that a cosignature states.

        Args:
            text: the note's text with its final newline.
            signature: what follows the key id in a signature line.

        Raises:
            LedgerInvalid: it does not hold.
        """
        time = None
        if self.kind is KeyKind.COSIGNATURE:
            time = int.from_bytes(signature[:_TIME_BYTES], "big")
            signature = signature[_TIME_BYTES:]
            text = cosigned_message(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError) as error:
            raise LedgerInvalid(
                f"The signature of {self.name} does not hold.", code="signature-invalid"
            ) from error
        return time


@dataclass(frozen=True)
class NoteSigner:
    """A private key that signs notes under a name."""

    name: str
    kind: KeyKind
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def key(self) -> VerifierKey:
        """The public half."""
        public = self.private.public_key().public_bytes_raw()
        return VerifierKey(check_name(self.name), self.kind, public)

    def sign(self, text: bytes, time: int | None = None) -> bytes:
        """Return the signature line for a note's text, with its newline.

        Args:
            text: the note's text with its final newline.
            time: for a cosignature, seconds since the epoch.

        Raises:
            InvalidInput: a cosignature without a time, or a time without a cosignature.
        """
        if (time is None) is (self.kind is KeyKind.COSIGNATURE):
            raise InvalidInput("A cosignature, and nothing else, states a time.", code="note-time")
        stamp = b"" if time is None else time.to_bytes(_TIME_BYTES, "big")
        message = text if time is None else cosigned_message(text, time)
        value = self.key.id + stamp + self.private.sign(message)
        return f"— {self.name} {to_base64(value)}\n".encode()


def cosigned_message(text: bytes, time: int) -> bytes:
    """Return what a witness signs: header line, time line, note text (tlog-cosignature).

    Raises:
        LedgerInvalid: the time exceeds 2^63 - 1.
    """
    if not 0 <= time <= MAX_SIZE:
        raise LedgerInvalid(f"A cosignature of the time {time} is none.", code="note-time")
    return b"cosignature/v1\ntime %d\n" % time + text

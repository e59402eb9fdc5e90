"""The key-encryption keys: they wrap the data key of each subject and lie outside the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

from rakkan.core.errors import Damaged, Unavailable

KEY_BYTES = 64  # AES-256-SIV takes two keys of 256 bits (RFC 5297)
FILE = "subjects.key"


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """One key-encryption key."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Its name: 16 hexadecimal digits of a hash of the secret."""
        return hashlib.sha256(b"rakkan subject wrapping key id\0" + self.secret).hexdigest()[:16]

    def wrap(self, subject_id: UUID, key: bytes) -> bytes:
        """Return a subject's data key sealed; it opens for this subject only."""
        return AESSIV(self.secret).encrypt(key, [b"rakkan-subject-key/1", subject_id.bytes])

    def unwrap(self, subject_id: UUID, wrapped: bytes) -> bytes:
        """Return the data key.

        Raises:
            Damaged: it is not what was wrapped for this subject.
        """
        try:
            about = [b"rakkan-subject-key/1", subject_id.bytes]
            return AESSIV(self.secret).decrypt(wrapped, about)
        except InvalidTag as error:
            raise Damaged(
                f"The key of subject {subject_id} does not open.", code="subject-key-damaged"
            ) from error


@cache
def wrapping_keys() -> dict[str, WrappingKey]:
    """Return the keys of RAKKAN_KEYS/subjects.key by their ids; the first wraps what is new.

    The file holds one key a line, 128 hexadecimal digits each; older keys follow the one in use.

    Raises:
        Unavailable: this process has no such file, or it holds something else.
    """
    path = Path(settings.RAKKAN_KEYS) / FILE
    try:
        secrets = [bytes.fromhex(line) for line in path.read_text(encoding="ascii").split()]
    except (OSError, ValueError) as error:
        raise _unreadable(str(error)) from error
    if not secrets or any(len(secret) != KEY_BYTES for secret in secrets):
        raise _unreadable("it takes one key or more of 128 hexadecimal digits")
    keys = [WrappingKey(secret) for secret in secrets]
    return {key.key_id: key for key in keys}


def current_key() -> WrappingKey:
    """Return the key that wraps what is new."""
    return next(iter(wrapping_keys().values()))


def _unreadable(why: str) -> Unavailable:
    return Unavailable(
        f"This process cannot read {FILE}: {why}.",
        code="key-unreadable",
        remedy=f"Put {FILE} into the folder that RAKKAN_KEYS names and start the process again.",
    )

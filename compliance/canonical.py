"""Canonical JSON (RFC 8785) and SHA-256 digests: the one way bytes get a name in Rakkan."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfc8785

_CHUNK = 1 << 20


def canonical_json(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Return ``value`` as UTF-8 bytes in the form of RFC 8785 (JSON Canonicalization Scheme)."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Mapping[str, Any] | list[Any]) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in chunks so that its size does not matter."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()

"""Canonical JSON (RFC 8785) and SHA-256 digests: the one way bytes get a name in Rakkan."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfc8785

_CHUNK = 1 << 20
_MAX_INTEGER = (1 << 53) - 1  # RFC 8785 numbers are IEEE doubles
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def canonical_json(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Return ``value`` as UTF-8 bytes in the form of RFC 8785 (JSON Canonicalization Scheme)."""
    return rfc8785.dumps(value)


def read_canonical(data: bytes) -> Any:
    """Return the value of ``data`` if it is written in the form of RFC 8785.

    Raises:
        ValueError: it is not JSON, or is written in another form.
    """
    try:
        value, written = _rewritten(data.decode())
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error
    if written != data:
        raise ValueError("It is not in canonical form (RFC 8785).")
    return value


def _rewritten(text: str) -> tuple[Any, bytes]:
    """Return a value and its canonical form.

    The standard library writes the same form three times as fast as the reference implementation,
    except for fractions, and for keys beyond the basic plane, which it sorts in another order.
    """
    if not _BEYOND_BMP.search(text):
        try:
            value = _QUICK.decode(text)
        except _FractionFound:
            pass
        else:
            return value, _write(value).encode()
    value = _EXACT.decode(text)
    return value, rfc8785.dumps(value)


class _FractionFound(Exception):
    """The quick way does not know how RFC 8785 writes this number."""


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > _MAX_INTEGER:
        raise ValueError("It has a number that JSON cannot carry exactly.")
    return value


def _fraction(text: str) -> float:
    raise _FractionFound(text)


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON.")


_QUICK = json.JSONDecoder(parse_int=_integer, parse_float=_fraction, parse_constant=_constant)
_EXACT = json.JSONDecoder(parse_int=_integer, parse_constant=_constant)
_write = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True
).encode


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

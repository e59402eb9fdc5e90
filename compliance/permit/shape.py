"""What may stand in a result: a worker is not trusted, so every value is held to type and range.

Each function returns the value it was given, or raises ValueError with a sentence for the log.
"""

import math
import re
from typing import Any

MAX_TEXT = 4_000  # characters
MAX_ITEMS = 1_000  # of a list or an object
MAX_NODES = 10_000  # values in a document, all levels together
MAX_DEPTH = 16
MAX_WHOLE = 2**53 - 1  # what JSON carries without loss (RFC 8785)

_DIGEST = re.compile(r"[0-9a-f]{64}")


def text(value: Any, *, what: str, longest: int = MAX_TEXT) -> str:
    """Return a string that a database can keep."""
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text.")
    if len(value) > longest:
        raise ValueError(f"{what} is longer than {longest} characters.")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{what} holds characters that no text may hold.")
    return value


def name(value: Any, *, what: str) -> str:
    """Return a short string that is not empty."""
    if not text(value, what=what, longest=200):
        raise ValueError(f"{what} is empty.")
    return str(value)


def sha256(value: Any, *, what: str) -> str:
    """Return 64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError(f"{what} is no SHA-256 in lower-case hexadecimal digits.")
    return value


def count(value: Any, *, what: str) -> int:
    """Return a whole number of at least 1."""
    if type(value) is not int or not 1 <= value <= MAX_WHOLE:
        raise ValueError(f"{what} is no whole number above 0.")
    return value


def number(value: Any, *, what: str) -> float:
    """Return a finite number (``True`` is none)."""
    if type(value) is int and abs(value) <= MAX_WHOLE:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise ValueError(f"{what} is no finite number.")


def duration(value: Any, *, what: str, least: float = 0.0) -> float:
    """Return seconds; JSON writes a whole number of them without a fraction."""
    if number(value, what=what) < least:
        raise ValueError(f"{what} is less than {least}.")
    return float(value)


def items(value: Any, *, what: str) -> list[Any]:
    """Return a list of bounded length."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{what} is no list.")
    if len(value) > MAX_ITEMS:
        raise ValueError(f"{what} has more than {MAX_ITEMS} entries.")
    return list(value)


def fields(value: Any, *, what: str) -> dict[str, Any]:
    """Return an object of bounded size with text for keys."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object.")
    if len(value) > MAX_ITEMS:
        raise ValueError(f"{what} has more than {MAX_ITEMS} fields.")
    for key in value:
        name(key, what=f"a field's name in {what}")
    return value


def texts(value: Any, *, what: str) -> dict[str, str]:
    """Return an object with texts in it."""
    return {
        key: text(entry, what=f"{what}.{key}") for key, entry in fields(value, what=what).items()
    }


def document(value: Any, *, what: str) -> dict[str, Any]:
    """Return a JSON object of bounded size and depth, every number in it finite."""
    found = fields(value, what=what)
    waiting: list[tuple[Any, int]] = [(found, 0)]  # no recursion: the depth is the sender's
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise ValueError(f"{what} is larger than a result may be.")
        if isinstance(node, dict):
            waiting += [(entry, depth + 1) for entry in fields(node, what=what).values()]
        elif isinstance(node, (list, tuple)):
            waiting += [(entry, depth + 1) for entry in items(node, what=what)]
        elif isinstance(node, str):
            text(node, what=what)
        elif node is not None and not isinstance(node, bool):
            number(node, what=f"a value in {what}")
    return found

"""Codes of the demo accounts' authenticator app (RFC 6238), as a telephone computes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator

PERIOD = 30  # seconds


def code(secret: str, step: int) -> str:
    """Returns the six digits of a period for a base32 secret."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def step_now() -> int:
    """Returns the number of the current period."""
    return int(time.time()) // PERIOD


def codes(secret: str) -> Iterator[str]:
    """Yields codes that the site may still take: each is taken once, so try the next if refused.

    The site takes those of the periods beside the current one too. Once they are used up, this
    waits for the next period.
    """
    now = step_now()
    for step in (now, now - 1, now + 1):
        yield code(secret, step)
    time.sleep((now + 1) * PERIOD - time.time() + 1)
    yield code(secret, step_now() + 1)

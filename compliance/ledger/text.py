"""What the text formats of the log share: strict numbers, strict base64, lines."""

import base64
import binascii
import re

from compliance.errors import LedgerInvalid
from compliance.ledger.tiles import MAX_SIZE
from compliance.ledger.tree import HASH_SIZE

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


def read_number(text: str, what: str) -> int:
    """Return an ASCII decimal without leading zeroes that fits a signed 64-bit number.

    Raises:
        LedgerInvalid: it is none.
    """
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise LedgerInvalid(f"The {what} is not a number: {text[:40]!r}.", code="not-a-number")
    return int(text)


def read_base64(text: str, what: str) -> bytes:
    """Return the bytes of standard base64 (RFC 4648, section 4), written the one right way.

    Raises:
        LedgerInvalid: it has other characters, wrong padding, or bits that nothing reads.
    """
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        value = None
    if value is None or base64.b64encode(value).decode() != text:
        raise LedgerInvalid(f"The {what} is not base64: {text[:40]!r}.", code="not-base64")
    return value


def read_hash(text: str, what: str) -> bytes:
    """Return the 32 bytes of a hash in base64.

    Raises:
        LedgerInvalid: it is not base64 or has another length.
    """
    value = read_base64(text, what)
    if len(value) != HASH_SIZE:
        raise LedgerInvalid(f"The {what} has {len(value)} bytes, not 32.", code="not-a-hash")
    return value


def to_base64(value: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(value).decode()

"""Signed notes (C2SP signed-note): a text and who signed it, read strictly.

A note is a text that ends in a newline, an empty line, and one signature line for each signature.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.errors import LedgerInvalid
from compliance.ledger.keys import VerifierKey, check_name
from compliance.ledger.text import read_base64

MAX_NOTE = 1 << 18  # bytes: 16 signatures of 5 kB must fit
_MAX_SIGNATURES = 64
_DASH = "— "
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, believed or not."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read: nothing in it is believed yet."""

    text: bytes  # with its final newline, as it was signed
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds."""

    key: VerifierKey
    time: int | None  # seconds since the epoch, if it is a cosignature


def parse_note(data: bytes) -> Note:
    """Return the parts of a signed note.

    The checks, in order (signed-note, "Format"):

    1. It is not larger than any note has to be.
    2. It is UTF-8 without ASCII control characters other than newline.
    3. The last empty line parts text and signatures, and both are there.
    4. Every signature line is an em dash, a space, a key name, a space and base64 of a key id and
       a signature; there are not more than 64.

    Raises:
        LedgerInvalid: one of them failed.
    """
    if len(data) > MAX_NOTE:  # 1
        raise LedgerInvalid(f"A note of {len(data)} bytes is none.", code="note-too-large")
    try:  # 2
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise _malformed("it is not UTF-8") from error
    if any(character < " " and character != "\n" for character in whole):
        raise _malformed("it has control characters")
    text, gap, below = whole.rpartition("\n\n")  # 3
    if not gap or not text or not below.endswith("\n"):
        raise _malformed("it has no text with signatures below it")
    lines = below[:-1].split("\n")  # 4
    if len(lines) > _MAX_SIGNATURES:
        raise _malformed(f"it has {len(lines)} signatures")
    return Note(f"{text}\n".encode(), tuple(_signature(line) for line in lines))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> list[Signed]:
    """Return the signatures of known keys, all of which hold (signed-note, "Signatures").

    1. A signature is of a known key if name *and* id are that key's; others are ignored.
    2. Every signature of a known key holds, or the note is refused.
    3. A key counts once, however often it signed.

    Whether those who signed are enough is for the caller to say; nobody may have.

    Raises:
        LedgerInvalid: a signature of a known key does not hold.
    """
    known = {(key.name, key.id): key for key in keys}
    held: dict[VerifierKey, Signed] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))  # 1
        if key is None:
            continue
        signed = Signed(key, key.check(note.text, signature.value))  # 2
        held.setdefault(key, signed)  # 3
    return list(held.values())


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap:
        raise _malformed("a line below the text is no signature")
    value = read_base64(encoded, "signature")
    if len(value) <= _ID_BYTES:
        raise _malformed("a signature is too short")
    return Signature(check_name(name), value[:_ID_BYTES], value[_ID_BYTES:])


def _malformed(why: str) -> LedgerInvalid:
    return LedgerInvalid(f"It is not a signed note: {why}.", code="note-malformed")

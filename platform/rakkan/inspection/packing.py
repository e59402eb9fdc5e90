"""Pack an export piece by piece: a zip or a CSV that is sent while it is made.

Nothing here asks who may see what: it packs the events it is given, in the format that
``python -m compliance log verify`` reads (docs/audit-log.md).
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compliance.errors import LedgerInvalid
from compliance.ledger import Checkpoint, TileName, parse_note
from compliance.ledger.reading import ReadFile
from compliance.ledger.store import CHECKPOINT
from compliance.ledger.tiles import WIDTH, edge_names, width_at
from compliance.ledger.tree import HASH_SIZE
from compliance.log.events import event_line
from compliance.log.files import EVENTS

Numbered = tuple[int, bytes]  # number in the log, canonical JSON

COLUMNS = (
    *("number", "id", "name", "occurred_at", "actor_id", "actor_role", "organisation_id"),
    *("object_type", "object_id", "object_label", "request_id", "data"),
)
_PIECE = 1 << 18  # bytes that are sent at once
_LEVEL = 1  # of deflate: a log packs ten to one at any
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Published:
    """A signed state of the log.

    Attributes:
        note: the checkpoint with the cosignatures there are.
        read: the log's tiles.
    """

    note: bytes
    read: ReadFile

    @property
    def size(self) -> int:
        """How many events it covers."""
        return Checkpoint.parse(parse_note(self.note).text).size


def zip_pieces(events: Iterable[Numbered], published: Published) -> Iterator[bytes]:
    """Yield the zip of an export: checkpoint, right edge, events, and the tiles these need.

    Args:
        events: in the order of their numbers, each below the checkpoint's size.
        published: the checkpoint to prove them by.

    Raises:
        LedgerInvalid: a tile that is needed is not there.
    """
    sink = _Sink()
    needed: set[int] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        archive.writestr(CHECKPOINT, published.note)
        # Read first: once these tiles are full, a growing log keeps the full ones only.
        for name in filter(None, edge_names(published.size)):
            archive.writestr(_stored(name), _tile(published.read, name))
        with archive.open(EVENTS, "w", force_zip64=True) as stream:
            for number, event in events:
                stream.write(event_line(number, event))
                needed.add(number // WIDTH)
                if sink.size >= _PIECE:
                    yield sink.taken()
        for name in _full_tiles(needed, published.size):
            archive.writestr(_stored(name), _tile(published.read, name))
            if sink.size >= _PIECE:
                yield sink.taken()
    yield sink.taken()


def csv_pieces(events: Iterable[Numbered]) -> Iterator[bytes]:
    """Yield the same events as CSV (RFC 4180), in UTF-8 with the mark that spreadsheets ask for."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    yield b"\xef\xbb\xbf"
    for number, event in events:
        writer.writerow(_cells(number, event))
        if text.tell() >= _PIECE:
            yield _taken(text)
    yield _taken(text)


def _cells(number: int, event: bytes) -> list[str]:
    value = json.loads(event) | {"number": number}
    value["data"] = json.dumps(value["data"], ensure_ascii=False, sort_keys=True)
    return [_harmless(str(value.get(column, ""))) for column in COLUMNS]


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _taken(text: io.StringIO) -> bytes:
    content = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return content


def _full_tiles(needed: set[int], size: int) -> Iterator[TileName]:
    """Yield the full tiles over these tiles of level 0, up to the right edge of the tree."""
    level, indexes = 0, needed
    while indexes := {one for one in indexes if width_at(size, level, one) == WIDTH}:
        yield from (TileName(level, index) for index in sorted(indexes))
        level, indexes = level + 1, {index // WIDTH for index in indexes}


def _tile(read: ReadFile, name: TileName) -> bytes:
    """Return a tile; of a partial one that the log has filled since, the part."""
    content = read(name.path)
    if content is None and name.width < WIDTH:
        whole = read(TileName(name.level, name.index).path)
        content = None if whole is None else whole[: name.width * HASH_SIZE]
    if content is None:
        raise LedgerInvalid(f"{name.path} is missing.", code="tile-missing")
    return content


def _stored(name: TileName) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name.path)  # hashes do not pack; a fixed date tells nothing


class _Sink(io.RawIOBase):
    """What a zip writes into and an answer takes from; it cannot go back."""

    def __init__(self) -> None:
        """Begin empty."""
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """Say so."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]  # any buffer
        """Keep a part until it is taken."""
        part = bytes(content)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def taken(self) -> bytes:
        """Return what was written since."""
        content = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return content

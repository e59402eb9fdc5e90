"""The events of an export, read once from front to back in constant memory.

Each line is the canonical JSON (RFC 8785) of ``{"event": ..., "index": ...}``; the event's bytes,
as they stand in the line, are the entry of the log.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from compliance.canonical import read_canonical
from compliance.errors import LedgerInvalid
from compliance.ledger import VerifiedTiles, leaf_hash
from compliance.ledger.tiles import MAX_ENTRY, WIDTH
from compliance.ledger.tree import HASH_SIZE
from compliance.log.files import ZIP_ERRORS
from compliance.verify.report import Fails

_LINE = re.compile(rb'\{"event":(\{.*\}),"index":(0|[1-9][0-9]{0,18})\}\n')
_MAX_LINE = MAX_ENTRY + 64  # bytes


def event_line(index: int, event: bytes) -> bytes:
    """Return the line of an export for the event with this number, given as canonical JSON."""
    return b'{"event":%b,"index":%d}\n' % (event, index)


def numbered_events(stream: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Yield line number (from 1), number in the log and bytes of each event.

    Raises:
        Fails: a line is too long or is not that of an event, or the file cannot be read on.
    """
    number = 0
    try:
        while line := stream.readline(_MAX_LINE + 1):
            number += 1
            matched = _LINE.fullmatch(line)
            if not matched:
                raise Fails(f"Line {number} is not an event with its number.")
            yield number, int(matched[2]), matched[1]
    except ZIP_ERRORS as error:
        raise Fails(f"The events cannot be read beyond line {number}: {error}.") from error


@dataclass
class EventRun:
    """What a walk over the events found: each bad place is the first of its kind."""

    count: int = 0
    first: int | None = None
    last: int | None = None
    gap: bool = False
    fault: str = ""
    late: str = ""
    newest: datetime | None = None
    newest_index: int = 0


def walk(stream: BinaryIO, tiles: VerifiedTiles, *, whole: bool, tolerance: timedelta) -> EventRun:
    """Check every event against its place in the tree; stop at the first that does not fit.

    1. Each line is an event with its number, in ascending order; if the export is of the whole log,
       from 0 to the last without a gap.
    2. The event's leaf hash (RFC 6962, 2.1) stands at its number in the tiles, which hang under the
       checkpoint's root.
    3. It is canonical JSON (RFC 8785), an object with a time.
    4. It does not say that it happened longer before an earlier event than the tolerance.

    Args:
        stream: the lines.
        tiles: the tree of the checkpoint.
        whole: whether no event may be missing.
        tolerance: how long writing an event may have taken.
    """
    run = EventRun()
    try:
        for line, index, event in numbered_events(stream):
            _check_order(run, line, index, whole)  # 1
            _check_place(tiles, index, event)  # 2
            moment = _moment(index, event)  # 3
            _note_time(run, index, moment, tolerance)  # 4
            run.count += 1
            run.last = index
    except (Fails, LedgerInvalid) as error:
        run.fault = str(error)
        return run
    if whole and run.count < tiles.size:
        run.fault = f"The events end before {run.count}; the log has {tiles.size}."
    return run


def _check_order(run: EventRun, line: int, index: int, whole: bool) -> None:
    expected = 0 if run.last is None else run.last + 1
    if index == expected:
        pass
    elif run.last is not None and index <= run.last:
        raise Fails(f"Line {line}: event {index} comes after {run.last}.")
    elif whole:
        raise Fails(f"Line {line}: event {expected} is missing, {index} stands in its place.")
    elif run.last is not None:
        run.gap = True
    if run.first is None:
        run.first = index


def _check_place(tiles: VerifiedTiles, index: int, event: bytes) -> None:
    if index >= tiles.size:
        raise Fails(f"Event {index}: the log has only {tiles.size}.")
    tile, at = divmod(index, WIDTH)
    row = tiles.tile(0, tile)
    if leaf_hash(event) != row[at * HASH_SIZE : (at + 1) * HASH_SIZE]:
        raise Fails(f"Event {index} is not the one that the log holds in this place.")


def _moment(index: int, event: bytes) -> datetime:
    value = canonical_event(index, event)
    try:
        moment = datetime.fromisoformat(value["occurred_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise Fails(f"Event {index} does not say when it happened.") from error
    if moment.tzinfo is None:
        raise Fails(f"Event {index} does not say in which time zone it happened.")
    return moment


def canonical_event(index: int, event: bytes) -> dict[str, Any]:
    """Return an event.

    Raises:
        Fails: it is not an object in canonical JSON.
    """
    try:
        value = read_canonical(event)
    except ValueError as error:
        raise Fails(f"Event {index} is not canonical JSON: {error}") from error
    if not isinstance(value, dict):
        raise Fails(f"Event {index} is not an object.")
    return value


def _note_time(run: EventRun, index: int, moment: datetime, tolerance: timedelta) -> None:
    if run.newest is None or moment > run.newest:
        run.newest, run.newest_index = moment, index
    elif not run.late and run.newest - moment > tolerance:
        run.late = (
            f"Event {index} says {moment.isoformat()}, but event {run.newest_index} before it "
            f"says {run.newest.isoformat()}."
        )


def summary(event: bytes) -> str:
    """Return name, object and time of an event for people, in ASCII, whatever is in it."""
    try:
        value = json.loads(event)
        words = [str(value.get(key, "-"))[:100] for key in ("name", "object_id", "occurred_at")]
    except (AttributeError, ValueError, RecursionError):
        return "not an event of Rakkan"
    return " ".join(ascii(word)[1:-1] for word in words)

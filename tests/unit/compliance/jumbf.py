"""Where things lie in a signed MP4: its boxes, and the JUMBF boxes inside C2PA's (ISO 19566-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass(frozen=True)
class Box:
    """A box: its four letters (JUMBF superboxes: their label), where it begins, ends, and holds."""

    name: str
    start: int
    inside: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes of a stretch, one after the other."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, header = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        size = size or end - start
        name = data[start + 4 : start + 8].decode("latin-1")
        yield Box(name, start, start + header, start + size)
        start += size


def box(data: bytes, name: str) -> Box:
    """Return the first box of the file with these four letters."""
    return next(found for found in boxes(data) if found.name == name)


def c2pa_box(data: bytes) -> Box:
    """Return the box that holds the manifest store."""
    return next(
        found
        for found in boxes(data)
        if found.name == "uuid" and data[found.inside : found.inside + 16] == _C2PA_UUID
    )


def superboxes(data: bytes) -> list[Box]:
    """Return every JUMBF superbox of the manifest store by its label, parents first."""
    store = c2pa_box(data)
    start = data.index(b"jumb", store.inside) - 4
    return list(_superboxes(data, start, store.end))


def _superboxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    for found in boxes(data, start, end):
        if found.name != "jumb":
            continue
        description = next(boxes(data, found.inside, found.end))
        label = data[description.inside + 17 : description.end].split(b"\0")[0].decode()
        yield Box(label, found.start, description.end, found.end)
        yield from _superboxes(data, description.end, found.end)


def superbox(data: bytes, label: str) -> Box:
    """Return the first superbox with a label."""
    return next(found for found in superboxes(data) if found.name == label)

"""Logs made for the tests: entries, trees of them, checkpoints and exports."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.canonical import canonical_json
from compliance.ledger import (
    Checkpoint,
    FolderStore,
    GrowingTree,
    KeyKind,
    NoteSigner,
    Tile,
    TileName,
    VerifiedTiles,
    leaf_hash,
)
from compliance.log.events import event_line


@dataclass
class MemoryLog:
    """A log whose files lie in a dictionary, grown in batches as a sequencer grows it."""

    tree: GrowingTree = field(default_factory=GrowingTree)
    files: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return self.files.get(path)

    def append(self, entries: Sequence[bytes]) -> list[Tile]:
        """Adds a batch, stores its tiles and returns them."""
        tiles = self.tree.extend([leaf_hash(entry) for entry in entries])
        tiles += self.tree.edge()
        for tile in tiles:
            self.files[tile.name.path] = tile.hashes
        return tiles

    def tiles(self) -> VerifiedTiles:
        return VerifiedTiles(self.read, self.tree.size, self.tree.root)


def numbered(count: int, start: int = 0) -> list[bytes]:
    """Returns entries that differ."""
    return [f"entry {number}".encode() for number in range(start, start + count)]


def grown(entries: Sequence[bytes], batch: int = 1000) -> MemoryLog:
    """Returns a log of these entries."""
    log = MemoryLog()
    for start in range(0, len(entries), batch):
        log.append(entries[start : start + batch])
    return log


LOG = NoteSigner("log.example/rakkan", KeyKind.NOTE, Ed25519PrivateKey.generate())
STRANGER = NoteSigner(LOG.name, KeyKind.NOTE, Ed25519PrivateKey.generate())
WITNESS = NoteSigner("witness.example/w", KeyKind.COSIGNATURE, Ed25519PrivateKey.generate())
BEGAN = datetime(2026, 11, 23, tzinfo=UTC)


def event(number: int, **changes: object) -> bytes:
    """Returns an event as the platform writes them, one a second."""
    value = {
        "id": str(UUID(int=number)),
        "name": "productions.production.submitted",
        "occurred_at": (BEGAN + timedelta(seconds=number)).isoformat(),
        "actor_id": str(UUID(int=7)),
        "actor_role": "requester",
        "organisation_id": str(UUID(int=8)),
        "object_type": "production",
        "object_id": str(UUID(int=number // 10)),
        "object_label": f"春のキャンペーン {number}",
        "request_id": "",
        "data": {"request_digest": "a" * 64, "step": number % 5},
    }
    return canonical_json(value | changes)


def events(count: int) -> list[bytes]:
    return [event(number) for number in range(count)]


def checkpoint(
    entries: Sequence[bytes], signer: NoteSigner = LOG, cosigned: int | None = None
) -> bytes:
    """Returns the signed checkpoint of a log of these entries."""
    tree = grown(entries).tree
    stated = Checkpoint(signer.name, tree.size, tree.root)
    line = WITNESS.sign(stated.text, cosigned) if cosigned is not None else b""
    return stated.sign([signer]) + line


def export(folder: Path, entries: Sequence[bytes], note: bytes | None = None) -> Path:
    """Writes an export of a whole log and returns its folder."""
    store = FolderStore(folder)
    for path, hashes in grown(entries, batch=len(entries) or 1).files.items():
        store.write_tile(TileName.parse(path), hashes)
    store.write_checkpoint(note or checkpoint(entries))
    lines = [event_line(number, entry) for number, entry in enumerate(entries)]
    (folder / "events.jsonl").write_bytes(b"".join(lines))
    return folder


def zipped(folder: Path) -> Path:
    """Returns a zip of an export."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path

"""The log: its tree, its proofs, its export and, in a database, the pages that auditors turn."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.canonical import canonical_json
from compliance.ledger import (
    Checkpoint,
    FolderStore,
    GrowingTree,
    KeyKind,
    NoteSigner,
    VerifiedTiles,
    inclusion_proof,
    leaf_hash,
)
from compliance.log.events import event_line
from tests.benchmarks.harness import Bar, Figure, apart, repeated
from tests.benchmarks.inspecting import measure_reading
from tests.benchmarks.ledger_platform import measure_platform
from tests.benchmarks.ledger_sizes import LARGEST, SIZES

BATCH = 1_000
PROOFS = 2_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


BARS: dict[str, Bar] = {
    "events_to_plain": ("at least", 0.5),
    "event_overhead_ms_median": ("at most", 0.5),
    "proof_p99_ms": ("at most", 5),
    "page_p95_ms": ("at most", 200),
    "export_seconds_per_million": ("at most", 60),
    "export_peak_mb": ("at most", 200),
    "verify_seconds_per_million": ("at most", 30),
}


def measure() -> list[Figure]:
    """Grows one log to a million events, verifies its export; measures two in a database."""
    return [*apart(measure_tree), *apart(measure_platform), *apart(measure_reading)]


def measure_tree() -> list[Figure]:
    """Grow a log outside of any database and verify its export."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = _grow(folder / "export")
        return figures + _verify(folder, folder / "export")


def _grow(folder: Path) -> list[Figure]:
    signer = NoteSigner("log.example/bench", KeyKind.NOTE, Ed25519PrivateKey.generate())
    store, tree = FolderStore(folder), GrowingTree()
    folder.mkdir()
    hashing, figures = 0.0, []
    with (folder / "events.jsonl").open("wb") as lines:
        for batch in _batches():
            began = time.perf_counter()
            tiles = tree.extend([leaf_hash(event) for event in batch])
            edge = tree.edge()
            root = tree.root  # each batch ends with a root to sign
            hashing += time.perf_counter() - began
            first = tree.size - len(batch)
            lines.writelines(event_line(first + n, event) for n, event in enumerate(batch))
            for tile in [*tiles, *(edge if tree.size in SIZES else [])]:
                store.write_tile(tile.name, tile.hashes)
            if tree.size in SIZES:
                figures.append(_proofs(store, tree.size, root))
    store.write_checkpoint(Checkpoint(signer.name, tree.size, tree.root).sign([signer]))
    (folder.parent / "log.vkey").write_text(signer.key.text)
    note = f"hashed and put into tiles in memory, {BATCH} a batch, a root after each, one thread"
    return [Figure("tree_leaves_per_second", tree.size / hashing, "1/s", note), *figures]


def _batches() -> Iterator[list[bytes]]:
    sample = canonical_json(
        {
            "id": "3f0c8a52-5b9e-4d0e-9b57-NUMBER",
            "name": "productions.production.submitted",
            "occurred_at": "MOMENT",
            "actor_id": "8d1f6c1e-3a55-4d38-8ad5-0a4c29f0b3b1",
            "actor_role": "requester",
            "organisation_id": "0e6a1a0a-7a83-4f0a-8a2b-6d1f5a4f7c11",
            "object_type": "production",
            "object_id": "5b4b0a9e-1f6e-4a60-9f0e-NUMBER",
            "object_label": "春のキャンペーン 2026",
            "request_id": "c0ffee00c0ffee00c0ffee00c0ffee00",
            "data": {"request_digest": "a" * 64, "engine": "mesh", "step": 3},
        }
    )
    for first in range(0, LARGEST, BATCH):
        moment = (BEGAN + timedelta(seconds=first)).isoformat().encode()
        part = sample.replace(b"MOMENT", moment)
        yield [part.replace(b"NUMBER", b"%012d" % (first + n)) for n in range(BATCH)]


def _proofs(store: FolderStore, size: int, root: bytes) -> Figure:
    """Times proofs of random events, each from tiles read and checked anew."""
    times = []
    for index in random.Random(size).sample(range(size), PROOFS):  # noqa: S311  which events
        began = time.perf_counter()
        inclusion_proof(VerifiedTiles(store.read, size, root), index)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    note = f"inclusion proof of one of {size} events from tiles on disk; median, range to p99"
    middle = repeated(f"tree_proof_ms_at_{size}", "ms", note, times)
    return Figure(middle.name, middle.value, "ms", note, (times[0], times[PROOFS * 99 // 100]))


def _verify(folder: Path, export: Path) -> list[Figure]:
    command = [sys.executable, "-m", "compliance", "log", "verify", str(export)]
    command += ["--key", str(folder / "log.vkey")]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = (export / "events.jsonl").stat().st_size / 1e6
    return [
        Figure(
            "verify_seconds_per_million", seconds * 1e6 / LARGEST, "s",
            f"`log verify` of {LARGEST} events, {size:.0f} MB, with canonical JSON, one process",
        ),
        Figure(
            "verify_cpu_seconds_per_million", (usage.ru_utime + usage.ru_stime) * 1e6 / LARGEST,
            "s", "the same",
        ),
        Figure("verify_peak_mb", usage.ru_maxrss / 1024, "MB", "its largest resident size"),
    ]  # fmt: skip

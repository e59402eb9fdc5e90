"""The platform's half of the log: a real database, real writers, the real sequencer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg

from tests.benchmarks import sequencing
from tests.benchmarks.database import platform_at_work
from tests.benchmarks.harness import Figure
from tests.benchmarks.ledger_sizes import SIZES
from tests.databases import ROOT

WRITERS = 4
SECONDS = 20.0
PROOFS = 2_000
ACTS = 1_000
CHUNK = 5_000  # rows of a statement that fills the log


def measure_platform() -> list[Figure]:
    """Writers against a plain table and the log; the cost of an event; a million of them."""
    with platform_at_work(durable=True, RAKKAN_CHECKPOINT_SECONDS="0") as here:
        _plain_table(here.owner, here.role)
        from rakkan.core.tenancy import process_is_system  # noqa: PLC0415  as above

        process_is_system()
        return [*_writers(here.owner), *_overhead(), *_growth(here.owner)]


def _plain_table(owner: psycopg.Connection[Any], role: str) -> None:
    owner.execute("CREATE TABLE bench_plain AS SELECT * FROM audit_event WITH NO DATA")
    owner.execute("ALTER TABLE bench_plain ADD PRIMARY KEY (id)")
    owner.execute(f'GRANT INSERT ON bench_plain TO "{role}"')


def _writers(owner: psycopg.Connection[Any]) -> list[Figure]:
    plain = _write("bench_plain") / SECONDS
    covered = _covered(owner)
    with _sequencer():
        written = _write("audit_event") / SECONDS
        provable = (_covered(owner) - covered) / SECONDS
    what = (
        f"{WRITERS} writers, a row a transaction, durable, {SECONDS:.0f} s, {os.cpu_count()} cores"
    )
    return [
        Figure("plain_rows_per_second", plain, "1/s", f"into a plain table with a key; {what}"),
        Figure("events_written_per_second", written, "1/s", f"the same rows as events; {what}"),
        Figure(
            "events_per_second", provable, "1/s",
            "of those, numbered and covered by a signed checkpoint when the writers stop",
        ),
        Figure("events_to_plain", provable / plain, "ratio", "at least 0.5 is asked for"),
    ]  # fmt: skip


def _write(table: str) -> int:
    command = [sys.executable, "-m", "tests.benchmarks.sequencing", "write", table, str(SECONDS)]
    writers = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(WRITERS)
    ]
    return sum(int(writer.communicate()[0]) for writer in writers)


@contextmanager
def _sequencer() -> Iterator[None]:
    command = [sys.executable, "-m", "tests.benchmarks.sequencing", "sequence"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield
    finally:
        process.communicate("\n")


def _covered(owner: psycopg.Connection[Any]) -> int:
    found = owner.execute("SELECT COALESCE(MAX(size), 0) FROM audit_checkpoint").fetchone()
    return int(found[0]) if found else 0


def _overhead() -> list[Figure]:
    """What an event adds to a transaction that changes one row, as the services do it."""
    from django.db import connection, transaction  # noqa: PLC0415  the settings must be read

    from rakkan.audit.names import EventName  # noqa: PLC0415  as above
    from rakkan.audit.services import Subject, event_record, system  # noqa: PLC0415  as above

    statement, actor = sequencing.insert("bench_plain"), system("bench")

    def act(*, told: bool) -> float:
        values = sequencing.row(str(uuid4()))
        began = time.perf_counter()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
            if told:
                event_record(EventName.LOG_READ, actor=actor, subject=Subject("log", values[0]))
        return 1000 * (time.perf_counter() - began)

    pairs = [(act(told=False), act(told=True)) for _ in range(ACTS)][ACTS // 10 :]
    plain, told = (sorted(side)[len(pairs) // 2] for side in zip(*pairs, strict=True))
    note = f"medians of {len(pairs)} transactions that change a row, in turn with and without one"
    return [
        Figure("event_overhead_ms_median", told - plain, "ms", f"difference of the {note}"),
        Figure("transaction_ms_median", plain, "ms", "without an event"),
    ]


def _growth(owner: psycopg.Connection[Any]) -> list[Figure]:
    figures = []
    for size in SIZES:
        seconds = _fill(owner, size)
        if seconds is not None:
            count, took = seconds
            figures.append(
                Figure(
                    f"sequenced_per_second_at_{size}", count / took, "1/s",
                    f"numbered, tiled, bundled and signed on the way to {size} events, no writers",
                )
            )  # fmt: skip
        figures += _proofs(size)
    return figures


def _fill(owner: psycopg.Connection[Any], size: int) -> tuple[int, float] | None:
    """Write events until there are ``size``, then have all of them sequenced; count and seconds."""
    from rakkan.audit.services import log_advance  # noqa: PLC0415  the settings must be read

    (there,) = owner.execute("SELECT count(*) FROM audit_event").fetchone() or (0,)
    while log_advance():
        pass
    missing = size - there
    if missing <= 0:
        return None
    columns = sequencing.COLUMNS
    kinds = ["uuid", "text", "timestamptz", *["text"] * 7, "jsonb", "text"]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    statement = f"INSERT INTO audit_event ({columns}) SELECT * FROM unnest({arrays})"  # noqa: S608
    for first in range(0, missing, CHUNK):
        rows = [sequencing.row(str(uuid4())) for _ in range(min(CHUNK, missing - first))]
        owner.execute(statement, list(map(list, zip(*rows, strict=True))))  # type: ignore[arg-type]
    owner.execute("ANALYZE audit_event")
    began = time.perf_counter()
    while log_advance():
        pass
    return missing, time.perf_counter() - began


def _proofs(size: int) -> list[Figure]:
    """Time what a page or the API does for a proof: row, checkpoint, tiles, all read anew."""
    import random  # noqa: PLC0415

    from rakkan.audit.models import Leaf  # noqa: PLC0415  the settings must be read
    from rakkan.audit.services import event_proof  # noqa: PLC0415  as above

    last = Leaf.objects.order_by("-sequence")[0].sequence
    times = []
    for number in random.Random(size).sample(range(last + 1), PROOFS):  # noqa: S311  which events
        event = Leaf.objects.select_related("event").get(sequence=number).event
        began = time.perf_counter()
        assert event_proof(event) is not None
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    note = f"proof of one of {last + 1} events by the newest checkpoint, from its row; range to p99"
    p99 = times[PROOFS * 99 // 100]
    found = [
        Figure(f"proof_ms_median_at_{size}", times[PROOFS // 2], "ms", note, (times[0], p99)),
        Figure(f"proof_p99_ms_at_{size}", p99, "ms", note),
    ]
    if size == SIZES[-1]:
        found.append(Figure("proof_p99_ms", p99, "ms", note))
    return found

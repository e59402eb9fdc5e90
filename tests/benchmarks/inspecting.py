"""A log of a million events with many tenants: how long a page takes, and an export of all of it.

Rows are copied in as the owner of the tables, for what is measured is reading. What they hold is as
uneven as life: few tenants have most events, few persons most of a tenant's, few names most of all.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg

from compliance.ledger import Checkpoint, GrowingTree, TileName, encode_bundle, leaf_hash
from compliance.ledger.tiles import WIDTH
from tests.benchmarks.database import platform_at_work
from tests.benchmarks.harness import Figure
from tests.benchmarks.ledger_sizes import SIZES

TENANTS, PERSONS = 200, 300  # persons of each tenant
ROUNDS = 5
INDEXED = 5_000
BATCH = 64 * WIDTH
SPAN = timedelta(days=365)
_ROOT = Path(__file__).resolve().parents[2]
# A child begins with the resident size of whoever started it, as wait4 counts; this is its own.
_PEAK = 'print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])'
_WHOLE = f"""
import re, sys, django
django.setup()
from django.core.management import call_command
from rakkan.core.tenancy import process_is_system
process_is_system()
call_command("log_export", sys.argv[1], verbosity=0, stdout=sys.stderr)
{_PEAK}
"""
_PART = f"""
import re, sys, django
django.setup()
from rakkan.core.tenancy import as_organisation
from rakkan.accounts.models import User
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.services import Form, export_stream
with as_organisation(sys.argv[2]):
    user = User.objects.get(email=sys.argv[3])
    pieces = export_stream(user=user, asked=LogFilter(), form=Form.ZIP)
with open(sys.argv[1], "wb") as stream:
    for piece in pieces:
        stream.write(piece)
{_PEAK}
"""


def measure_reading() -> list[Figure]:
    """Grow the log to each size, turn pages at each, export the last and verify that."""
    with platform_at_work() as here:
        return _measure(here.owner, here.folder)


def _measure(owner: psycopg.Connection[Any], folder: Path) -> list[Figure]:
    log = _Log(owner)
    figures = []
    for size in SIZES:
        log.grow(size)
        figures += _pages(log, size)
    log.publish()
    return [*figures, *_exports(log, folder), _indexing(log)]


@dataclass
class _Tenant:
    id: str
    persons: list[str]


class _Log:
    """The rows, and the files of the tree over them."""

    def __init__(self, owner: psycopg.Connection[Any]) -> None:
        """Begin an empty log; the first tenant has an auditor."""
        from rakkan.audit.log import log_store  # noqa: PLC0415  as above
        from rakkan.audit.names import EventName  # noqa: PLC0415  as above
        from rakkan.core.tenancy import as_system  # noqa: PLC0415  as above
        from tests.integration import people  # noqa: PLC0415  as above

        self.owner, self.chance = owner, random.Random(1)  # noqa: S311  which rows there are
        with as_system():
            self.auditor = people.team_make().auditor
        ids = [str(self.auditor.organisation_id), *(self._id() for _ in range(TENANTS - 1))]
        self.tenants = [_Tenant(one, [self._id() for _ in range(PERSONS)]) for one in ids]
        self.names = [name.value for name in EventName]
        self.store, self.tree = log_store(), GrowingTree()
        self.open: list[bytes] = []  # entries of the bundle that is not full
        self.bundles = 0
        # What making the auditor wrote is not in this log; and COPY knows no policies.
        for table in ("audit_waiting", "audit_leaf", "audit_event"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            owner.execute(f"DELETE FROM {table}")  # noqa: S608  one of three

    def grow(self, size: int) -> None:
        """Copy events in until there are ``size``."""
        while self.tree.size < size:
            first = self.tree.size
            events = list(self._events(first, min(first + BATCH, size)))
            self._copy(first, events)
            self._tiles([event.canonical.encode() for event in events])
        for table in ("audit_event", "audit_leaf", "inspection_posting"):
            self.owner.execute(f"VACUUM ANALYZE {table}")

    def publish(self) -> None:
        """Sign the tree."""
        from rakkan.audit.log import log_signer  # noqa: PLC0415  as above

        for tile in self.tree.edge():
            self.store.write_tile(tile.name, tile.hashes)
        if self.open:
            self._bundle(self.open)
        signer = log_signer()
        note = Checkpoint(signer.name, self.tree.size, self.tree.root).sign([signer])
        self.store.write_checkpoint(note)
        self.key = signer.key.text
        self.owner.execute(
            "INSERT INTO audit_checkpoint (size, root_hash, note, signed_at)"
            " VALUES (%s, %s, %s, now())",
            [self.tree.size, self.tree.root, note.decode()],
        )

    def _tiles(self, entries: list[bytes]) -> None:
        for tile in self.tree.extend([leaf_hash(entry) for entry in entries]):
            self.store.write_tile(tile.name, tile.hashes)
        self.open += entries
        while len(self.open) >= WIDTH:
            self._bundle(self.open[:WIDTH])
            del self.open[:WIDTH]

    def _bundle(self, entries: list[bytes]) -> None:
        name = TileName(None, self.bundles, len(entries))
        self.store.write_tile(name, encode_bundle(entries))
        self.bundles += 1

    def _id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def _one(self, things: list[Any]) -> Any:
        """Choose one of many as life does: the first often, the last hardly ever."""
        return things[min(int(len(things) ** self.chance.random()) - 1, len(things) - 1)]

    def _events(self, first: int, end: int) -> Iterator[Any]:
        began = datetime.now(UTC) - SPAN
        for number in range(first, end):
            tenant = self._one(self.tenants)
            moment = began + SPAN * number / SIZES[-1]
            entry = {
                "id": self._id(),
                "name": self._one(self.names),
                "occurred_at": moment.isoformat(),
                "actor_id": self._one(tenant.persons),
                "actor_role": "requester",
                "organisation_id": tenant.id,
                "object_type": "production",
                "object_id": self._id(),
                "object_label": f"{self.chance.getrandbits(64):016x}",
                "request_id": f"{self.chance.getrandbits(128):032x}",
                "data": {
                    "request_digest": f"{self.chance.getrandbits(256):064x}",
                    "code": "consent-missing" if number % 997 == 0 else "none",
                },
            }
            # RFC 8785 and the standard library agree on such values; `log verify` looks again.
            canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"))
            person = self._one(tenant.persons)
            yield SimpleNamespace(
                **entry, pk=entry["id"], canonical=canonical, person=person, moment=moment
            )

    def _copy(self, first: int, events: list[Any]) -> None:
        from rakkan.inspection.terms import event_terms, whose  # noqa: PLC0415  as above

        columns = (
            *("id", "name", "occurred_at", "actor_id", "actor_role", "organisation_id"),
            *("object_type", "object_id", "object_label", "request_id", "data", "canonical"),
        )
        with self.owner.cursor() as cursor:
            copy = f"COPY audit_event ({', '.join(columns)}) FROM STDIN"
            with cursor.copy(copy) as rows:
                for event in events:
                    values = [getattr(event, column) for column in columns]
                    values[columns.index("data")] = json.dumps(event.data)
                    rows.write_row(values)
            leaves = "COPY audit_leaf (sequence, event_id, occurred_at, leaf_hash, sequenced_at)"
            with cursor.copy(f"{leaves} FROM STDIN") as rows:
                for number, event in enumerate(events, start=first):
                    leaf = leaf_hash(event.canonical.encode())
                    rows.write_row([number, event.id, event.moment, leaf, event.moment])
            postings = "COPY inspection_posting (sequence, whose, occurred_at, terms) FROM STDIN"
            with cursor.copy(postings) as rows:
                for number, event in enumerate(events, start=first):
                    about = (event.object_id, event.person, event.actor_id)
                    terms = event_terms(event, about=about, shown=[event.person])
                    owner = whose(event.organisation_id)
                    rows.write_row([number, owner, event.moment, terms])


def _pages(log: _Log, size: int) -> list[Figure]:
    """Turn pages of every kind, first and second, for a large, a middling and a small tenant."""
    from rakkan.core.tenancy import as_organisation  # noqa: PLC0415  as above
    from rakkan.inspection.search import events_found  # noqa: PLC0415  as above

    times: dict[str, list[float]] = {}
    for tenant in (log.tenants[0], log.tenants[10], log.tenants[-1]):
        for what, asked in _asked(log, tenant).items():
            for _ in range(ROUNDS):
                cursor = ""
                for _ in range(2):
                    began = time.perf_counter()
                    with as_organisation(tenant.id):
                        found = events_found(tenant.id, asked, cursor=cursor)
                    times.setdefault(what, []).append(1000 * (time.perf_counter() - began))
                    cursor = found.on
                    if not cursor:
                        break
    every = sorted(one for some in times.values() for one in some)
    worst = max(times, key=lambda what: statistics.median(times[what]))
    note = (
        f"a page of 50 of {size} events of {TENANTS} tenants, {len(times)} filters, first and"
        f" second page; slowest by its median: {worst}, {statistics.median(times[worst]):.0f} ms"
    )
    spread = (every[0], every[-1])
    p95 = every[len(every) * 95 // 100]
    found = [
        Figure(f"page_ms_median_at_{size}", statistics.median(every), "ms", "the same"),
        Figure(f"page_p95_ms_at_{size}", p95, "ms", note, spread),
    ]
    return [*found, Figure("page_p95_ms", p95, "ms", note)] if size == SIZES[-1] else found


def _asked(log: _Log, tenant: _Tenant) -> dict[str, Any]:
    from rakkan.inspection.filters import LogFilter  # noqa: PLC0415  as above

    hot, cold, often, rare = tenant.persons[0], tenant.persons[-1], log.names[0], log.names[-1]
    past = datetime.now(UTC) - SPAN + timedelta(days=3)
    day = {"since": past, "until": past + timedelta(days=1)}
    kinds: dict[str, dict[str, Any]] = {
        "everything": {},
        "frequent name": {"name": often},
        "rare name": {"name": rare},
        "domain": {"domain": "accounts"},
        "hot person": {"person": hot},
        "cold person": {"person": cold},
        "actor": {"actor": hot},
        "person shown to somebody": {"shown": hot},
        "hot person, rare name": {"person": hot, "name": rare},
        "hot person, frequent name, another actor": {
            "person": hot, "name": often, "actor": tenant.persons[1],
        },
        "one day long ago": day,
        "hot person, one day long ago": {"person": hot, **day},
        "frequent name, long ago": {"name": often, "until": past},
        "text that is in a thousandth": {"text": "consent-missing"},
        "text that is everywhere": {"text": "requester"},
        "text that is nowhere": {"text": "nowhere"},
        "text everywhere and nowhere": {"text": "requester nowhere"},
        "text, person": {"text": "consent-missing", "person": hot},
        "person of another tenant": {"person": log.tenants[1].persons[1]},
        "object": {"object": "00000000-0000-4000-8000-000000000000"},
    }  # fmt: skip
    return {what: LogFilter(**conditions) for what, conditions in kinds.items()}


def _indexing(log: _Log) -> Figure:
    """Time the clerk's indexer on the newest events, in an index of all the others."""
    from rakkan.core.tenancy import as_system  # noqa: PLC0415  as above
    from rakkan.inspection.services import index_update  # noqa: PLC0415  as above

    first = SIZES[-1] - INDEXED
    log.owner.execute("ALTER TABLE inspection_posting DISABLE TRIGGER USER")
    log.owner.execute("DELETE FROM inspection_posting WHERE sequence >= %s", [first])
    began, done = time.perf_counter(), 0
    with as_system():
        while count := index_update():
            done += count
    note = f"the newest {done} of {SIZES[-1]} events put into the index, a single process"
    return Figure("indexed_per_second", done / (time.perf_counter() - began), "1/s", note)


def _exports(log: _Log, folder: Path) -> list[Figure]:
    whole, part = folder / "whole.zip", folder / "part.zip"
    key = folder / "key"
    key.write_text(log.key)
    seconds, said = _run([sys.executable, "-c", _WHOLE, str(whole)])
    arguments = [str(part), str(log.auditor.organisation_id), log.auditor.email]
    of_tenant, said_of_tenant = _run([sys.executable, "-c", _PART, *arguments])
    verify = [sys.executable, "-m", "compliance", "log", "verify", "--key", str(key)]
    verified, _ = _run([*verify, str(whole)])
    _run([*verify, str(part), "--selection"])
    counted = log.owner.execute(
        "SELECT count(*) FROM audit_event WHERE organisation_id = %s",
        [str(log.auditor.organisation_id)],
    ).fetchone()
    events = counted[0] if counted else 0
    megabytes = whole.stat().st_size / 1e6
    size = "largest resident size of the process, Django and all"
    return [
        Figure(
            "export_seconds_per_million", seconds * 1e6 / SIZES[-1], "s",
            f"`manage.py log_export` of {SIZES[-1]} events, a zip of {megabytes:.0f} MB",
        ),
        Figure("export_peak_mb", int(said) / 1024, "MB", size),
        Figure(
            "export_selection_seconds_per_million", of_tenant * 1e6 / events, "s",
            f"an auditor's export of {events} events through row security took {of_tenant:.1f} s",
        ),
        Figure("export_selection_peak_mb", int(said_of_tenant) / 1024, "MB", size),
        Figure(
            "export_verify_seconds_per_million", verified * 1e6 / SIZES[-1], "s",
            "`log verify` of the whole log's zip",
        ),
    ]  # fmt: skip


def _run(command: list[str]) -> tuple[float, str]:
    """Run a process of its own; return how long it took, in seconds, and the last line it said."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": f"{_ROOT / 'platform'}:{_ROOT}"}
    done = subprocess.run(
        command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return time.perf_counter() - began, done.stdout.strip().rpartition("\n")[2]

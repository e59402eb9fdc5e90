"""The sequencer and PostgreSQL are killed at random points: the log has neither gap nor fork.

A trial is one kill, of the sequencer's process or, every fourth time, of the whole database server,
at a moment of a random choice, while two writers write. `make chaos` makes 200.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from compliance.development.keys import ORIGIN
from compliance.ledger import (
    Checkpoint,
    FolderStore,
    KeyKind,
    LogTrust,
    NoteSigner,
    TileName,
    VerifiedTiles,
    decode_bundle,
    leaf_hash,
    root_at,
    verify_checkpoint,
)
from compliance.ledger.store import CHECKPOINT
from compliance.signing import load_private
from deploy.local import postgres
from deploy.local.errors import LocalError
from deploy.local.private import temporary_folder
from deploy.local.processes import Child
from deploy.local.testing import TestServers
from tests.databases import ROOT, Database, environment_now, prepared_database
from tests.servers import settings_environment

SCRIPT = [sys.executable, "-m", "tests.benchmarks.sequencing"]
WRITERS = 2
LONGEST = 1.2  # seconds until a kill


@dataclass
class Log:
    """A log under way: its server, its files, and who works on it."""

    server: Child
    database: Database
    folder: Path
    environment: dict[str, str]
    trust: LogTrust
    nurse: subprocess.Popen[str]
    writers: list[subprocess.Popen[str]] = field(default_factory=list)
    seen: dict[int, Checkpoint] = field(default_factory=dict)  # what anybody could have seen
    sequencer: int = 0

    def work(self) -> None:
        """Start a sequencer; the one before was killed."""
        assert self.nurse.stdin is not None
        assert self.nurse.stdout is not None
        self.nurse.stdin.write("go\n")
        self.nurse.stdin.flush()
        self.sequencer = int(self.nurse.stdout.readline())

    def kill_sequencer(self) -> None:
        os.kill(self.sequencer, signal.SIGKILL)
        while psutil.pid_exists(self.sequencer):
            time.sleep(0.001)

    def kill_server(self) -> None:
        """Kill the server and all its sessions at once, as a machine that loses its power."""
        assert self.server.pid is not None
        server = psutil.Process(self.server.pid)
        every = [server, *server.children(recursive=True)]
        for process in every:
            process.kill()
        psutil.wait_procs(every, timeout=20)
        self.server.stop()
        for _ in range(20):
            try:
                self.server.start()
                self.server.wait_ready(60.0)
            except LocalError:
                continue
            return
        raise AssertionError(self.server.last_words())

    def look(self) -> None:
        """See what a stranger sees: a checkpoint of this log, never smaller than the last seen."""
        note = FolderStore(self.folder / "blobs" / "log").read(CHECKPOINT)
        if note is None:
            return
        shown = verify_checkpoint(note, self.trust).checkpoint
        assert shown.size >= max(self.seen, default=0), "the log was rolled back"
        assert self.seen.setdefault(shown.size, shown) == shown, "two checkpoints of one size"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.database.application)) as connection:
            connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
            return connection.execute(query).fetchall()  # type: ignore[arg-type]


def run(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*SCRIPT, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def log() -> Iterator[Log]:
    folder = temporary_folder("rakkan-chaos-")
    passwords = postgres.Passwords(*(secrets.token_urlsafe(16) for _ in range(3)))
    cluster = postgres.plan(folder / "pg", passwords)
    postgres.initialise(cluster)
    server = Child(postgres.program(cluster), folder)  # durable: the kills are of a real one
    try:
        server.start()
        server.wait_ready(60.0)
        postgres.prepare(cluster)
        servers = TestServers(
            cluster.url(postgres.OWNER), cluster.url(postgres.APPLICATION), os.environ["BROKER_URL"]
        )
        own = settings_environment(servers, folder)
        own["STORAGE_URL"] = (folder / "blobs").as_uri()
        environment = {**environment_now(), **own, "RAKKAN_CHECKPOINT_SECONDS": "0"}
        with prepared_database(servers, environment) as database:
            environment["DATABASE_URL"] = database.application
            private = load_private(folder / "keys" / "checkpoint.pem")
            trust = LogTrust((NoteSigner(ORIGIN, KeyKind.NOTE, private).key,))
            nurse = run(environment, "nurse")
            under_way = Log(server, database, folder, environment, trust, nurse)
            try:
                yield under_way
            finally:
                for process in (*under_way.writers, nurse):
                    process.kill()
                    process.communicate()
    finally:
        server.stop()
        shutil.rmtree(cluster.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def kill_again_and_again(log: Log, trials: int, seed: int) -> dict[str, int]:
    """Kill at random moments, look in between, and count."""
    chance, killed = random.Random(seed), {"sequencer": 0, "server": 0}  # noqa: S311  moments
    for number in range(WRITERS):
        noted = str(log.folder / f"acknowledged-{number}")
        log.writers.append(run(log.environment, "write", "audit_event", "86400", noted))
    log.work()
    for trial in range(trials):
        ends = time.monotonic() + chance.uniform(0.0, LONGEST)
        while time.monotonic() < ends:
            log.look()
            time.sleep(0.005)
        if trial % 4 == 3:
            log.kill_server()  # the sequencer stays, without a connection
            killed["server"] += 1
        else:
            log.kill_sequencer()
            log.look()
            log.work()
            killed["sequencer"] += 1
    log.kill_sequencer()
    return killed


def finish(log: Log) -> int:
    """Stop the writers, let the sequencer come to the end, and return how many events there are."""
    for writer in log.writers:
        writer.kill()
        writer.communicate()
    log.writers.clear()
    log.work()
    ends = time.monotonic() + 120.0
    while time.monotonic() < ends:
        log.look()
        ((waiting, events),) = log.rows(
            "SELECT (SELECT count(*) FROM audit_waiting), (SELECT count(*) FROM audit_event)"
        )
        if not waiting and max(log.seen, default=0) == events:
            log.kill_sequencer()
            return int(events)
        time.sleep(0.05)
    raise AssertionError("the sequencer did not come to the end")


def check(log: Log, events: int) -> None:
    """No gap, no duplicate, no lost event, no two histories; and every file fits its rows."""
    ((numbers, different, last),) = log.rows(
        "SELECT count(*), count(DISTINCT event_id), max(sequence) FROM audit_leaf"
    )
    assert numbers == different == events == last + 1
    there = {str(one) for (one,) in log.rows("SELECT event_id FROM audit_leaf")}
    for noted in log.folder.glob("acknowledged-*"):
        lines = noted.read_text().splitlines()
        assert {line for line in lines if len(line) == 36} <= there, "an event was lost"
    store, newest = FolderStore(log.folder / "blobs" / "log"), log.seen[events]
    tiles = VerifiedTiles(store.read, newest.size, newest.root)
    signed = log.rows("SELECT note FROM audit_checkpoint ORDER BY size")
    every = [verify_checkpoint(note.encode(), log.trust).checkpoint for (note,) in signed]
    assert {one.size: one for one in every}.items() >= log.seen.items(), "seen, but not in the rows"
    for one in every:
        assert root_at(tiles, one.size) == one.root, f"the checkpoint of {one.size} is a fork"
    texts = log.rows(
        "SELECT canonical FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
        " ORDER BY sequence"
    )
    for at in range(0, events, 256):
        entries = [text.encode() for (text,) in texts[at : at + 256]]
        assert tiles.tile(0, at // 256) == b"".join(map(leaf_hash, entries))
        bundle = store.read(TileName(None, at // 256, len(entries)).path)
        assert bundle is not None
        assert decode_bundle(bundle, len(entries)) == entries


@pytest.mark.parametrize(
    "kills", [8, pytest.param(200, marks=pytest.mark.long)], ids=["handful", "200"]
)
def test_killed_at_random_points_the_log_neither_loses_nor_repeats_nor_forks(
    log: Log, kills: int
) -> None:
    killed = kill_again_and_again(log, kills, seed=kills)
    events = finish(log)
    check(log, events)
    assert sum(killed.values()) == kills
    sys.stdout.write(
        f"{killed['sequencer']} kills of the sequencer, {killed['server']} of PostgreSQL, {events}"
        f" events, {len(log.seen)} checkpoints seen, 0 gaps, duplicates, losses, forks\n"
    )

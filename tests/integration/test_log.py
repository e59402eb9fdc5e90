"""The platform's half of the log: numbers, tiles, bundles and signed checkpoints that fit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from pytest_django import Settings

from compliance.ledger import (
    FolderStore,
    LogTrust,
    VerifiedTiles,
    decode_bundle,
    leaf_hash,
    verify_checkpoint,
    verify_consistency,
    verify_log_proof,
)
from compliance.ledger.proofs import consistency_proof
from compliance.ledger.store import CHECKPOINT
from rakkan.audit.log import log_signer, log_store
from rakkan.audit.models import Checkpoint, Event, Leaf, Waiting
from rakkan.audit.names import EventName
from rakkan.audit.services import (
    LogUnsound,
    Subject,
    checkpoint_publish,
    event_proof,
    event_record,
    events_record,
    events_sequence,
    log_advance,
    system,
)
from rakkan.audit.services import sequence as sequencing
from rakkan.core.tenancy import as_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_checkpoint_at_once(settings: Settings) -> None:
    settings.RAKKAN_CHECKPOINT_SECONDS = 0


def happen(count: int) -> None:
    about = [(Subject("log", str(uuid4())), {"number": number}) for number in range(count)]
    with transaction.atomic():
        events_record(EventName.LOG_READ, actor=system("test"), about=about)


def stored() -> FolderStore:
    store = log_store()
    assert isinstance(store, FolderStore)
    return store


def published() -> Checkpoint:
    """The newest row; what is on show says the same, and the store holds every event below it."""
    row = Checkpoint.objects.order_by("-size")[0]
    note = stored().read(CHECKPOINT)
    assert note is not None
    signed = verify_checkpoint(note, LogTrust((log_signer().key,))).checkpoint
    assert (signed.size, signed.root) == (row.size, bytes(row.root_hash))
    tiles = VerifiedTiles(stored().read, signed.size, signed.root)
    leaves = list(Leaf.objects.select_related("event").order_by("sequence")[: row.size])
    for at in range(0, row.size, 256):
        some = leaves[at : at + 256]
        partial = "" if len(some) == 256 else f".p/{len(some)}"
        bundle = stored().read(f"tile/entries/{at // 256:03d}{partial}")
        assert bundle is not None
        entries = decode_bundle(bundle, len(some))
        assert entries == [leaf.event.canonical.encode() for leaf in some]
        assert tiles.tile(0, at // 256) == b"".join(map(leaf_hash, entries))
    return row


def test_checkpoints_grow_out_of_each_other_and_the_files_follow() -> None:
    rows = []
    for count in (1, 254, 1, 300, 5000, 2):
        happen(count)
        assert log_advance() == count
        rows.append(published())

    last = VerifiedTiles(stored().read, rows[-1].size, bytes(rows[-1].root_hash))
    for old in rows:
        path = consistency_proof(last, old.size)
        roots = bytes(old.root_hash), bytes(rows[-1].root_hash)
        assert verify_consistency(old.size, roots[0], rows[-1].size, roots[1], path)
    assert not Waiting.objects.exists()


def test_partial_tiles_go_once_the_full_one_is_there() -> None:
    for count in (3, 200, 60):
        happen(count)
        log_advance()
    folder = Path(settings.STORAGES["blobs"]["OPTIONS"]["location"]) / "log" / "tile"
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == ["0/000", "0/001.p/7", "1/000.p/1", "entries/000", "entries/001.p/7"]


def test_a_checkpoint_waits_for_its_time(settings: Settings) -> None:
    settings.RAKKAN_CHECKPOINT_SECONDS = 1000
    happen(1)
    log_advance()
    happen(1)
    assert log_advance() == 1
    assert published().size == 1

    assert checkpoint_publish(due=True) is not None
    assert published().size == 2


def test_every_numbered_event_is_provable_offline() -> None:
    happen(700)
    assert event_proof(Event.objects.all()[0]) is None
    log_advance()
    trust = LogTrust((log_signer().key,))
    for leaf in Leaf.objects.select_related("event").filter(sequence__in=(0, 255, 256, 699)):
        proof = event_proof(leaf.event)
        assert proof is not None
        assert proof.index == leaf.sequence
        verify_log_proof(proof, leaf.event.canonical.encode(), trust)


@pytest.mark.parametrize("at", ["write_tile", "write_checkpoint"])
def test_what_was_interrupted_goes_on_with_the_same_bytes(at: str) -> None:
    happen(300)
    log_advance()
    happen(400)
    real, calls = getattr(FolderStore, at), []

    def dies(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == (3 if at == "write_tile" else 1):
            raise OSError("no space left on device")
        real(*arguments)

    with patch.object(FolderStore, at, dies), pytest.raises(OSError, match="no space"):
        log_advance()
    assert Leaf.objects.count() == 700
    happen(5)
    log_advance()

    assert published().size == 705


def test_a_log_whose_rows_were_lost_signs_no_second_history() -> None:
    happen(3)
    log_advance()
    note = stored().read(CHECKPOINT)
    with connection.cursor() as cursor, transaction.atomic():
        happen(2)
        log_advance()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)  # as a restored backup
    happen(4)

    with pytest.raises(LogUnsound, match="rolled back"):
        log_advance()
    assert Checkpoint.objects.count() == 1
    assert stored().read(CHECKPOINT) != note, "the newer one stays on show"


def test_a_log_is_not_continued_under_another_name_or_beside_damaged_tiles(
    settings: Settings,
) -> None:
    happen(3)
    log_advance()
    happen(1)
    before, settings.RAKKAN_LOG_ORIGIN = settings.RAKKAN_LOG_ORIGIN, "another.example/log"
    with pytest.raises(LogUnsound, match="not of this log"):
        log_advance()
    settings.RAKKAN_LOG_ORIGIN = before
    tile = Path(settings.STORAGES["blobs"]["OPTIONS"]["location"]) / "log/tile/0/000.p/3"
    tile.write_bytes(bytes(96))
    with pytest.raises(LogUnsound, match="stored tiles"):
        log_advance()
    assert Checkpoint.objects.count() == 1


def test_two_sequencers_never_work_at_once() -> None:
    happen(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        other = connection.copy()
        try:
            with other.cursor() as theirs:
                theirs.execute("SELECT pg_try_advisory_lock(%s)", [sequencing._LOCK])
                assert log_advance() == events_sequence() == 0
                theirs.execute("SELECT pg_advisory_unlock(%s)", [sequencing._LOCK])
        finally:
            other.close()
    assert log_advance() == 1


def test_an_event_that_waits_cannot_be_taken_off_the_queue() -> None:
    happen(1)
    for statement in (
        "DELETE FROM audit_waiting",
        "UPDATE audit_waiting SET occurred_at = now()",
        "TRUNCATE audit_waiting",
        "INSERT INTO audit_waiting (event_id, occurred_at, written)"
        " VALUES (gen_random_uuid(), now(), 1)",
    ):
        with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert "permission denied" in str(error.value) or "no event lost" in str(error.value)
    assert Waiting.objects.count() == 1


def test_the_id_of_an_event_is_taken_for_ever_and_across_organisations() -> None:
    happen(1)
    events_sequence()
    first, theirs = Event.objects.get(), uuid4()
    again = {field.attname: getattr(first, field.attname) for field in Event._meta.concrete_fields}
    again |= {"organisation_id": str(theirs), "occurred_at": first.occurred_at - timedelta(40)}
    with as_organisation(theirs), pytest.raises(Error, match="already"), transaction.atomic():
        Event.objects.bulk_create([Event(**again)])
    assert Event.objects.get() == first


def test_an_event_longer_than_a_bundle_holds_is_refused_with_its_act() -> None:
    with pytest.raises(Error, match="event_fits_the_log"), transaction.atomic():
        event_record(
            EventName.LOG_READ,
            actor=system("test"),
            subject=Subject("log", "1"),
            data={"long": "x" * 65_536},
        )


def test_nobody_reads_or_writes_a_months_partition_past_its_table() -> None:
    happen(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
            " has_table_privilege(c.oid, 'SELECT') OR has_table_privilege(c.oid, 'INSERT')"
            " FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
            " WHERE i.inhparent = 'audit_event'::regclass"
        )
        found = cursor.fetchall()
    assert len(found) >= 14
    assert all(walled and not right for _, walled, right in found)

"""Anybody reads checkpoint and hash tiles; nobody reads other people's events; operators see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import InMemoryStorage, Storage
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.errors import LedgerInvalid
from compliance.ledger import (
    LogTrust,
    TileName,
    TileStore,
    VerifiedTiles,
    inclusion_proof,
    verify_checkpoint,
    verify_log_proof,
)
from rakkan.audit.log import StorageStore, log_signer, log_store
from rakkan.audit.models import Leaf, Voucher
from rakkan.audit.names import EventName
from rakkan.audit.selectors import log_standing
from rakkan.audit.services import (
    Subject,
    event_proof,
    events_record,
    log_advance,
    self_check_record,
    system,
)
from rakkan.audit.services import prove as proving
from rakkan.audit.services import publish as publishing
from rakkan.core.storage import AtomicFileStorage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_published_log(settings: Settings) -> None:
    settings.RAKKAN_CHECKPOINT_SECONDS = 0
    happened(300)


def happened(count: int) -> None:
    about = [(Subject("log", str(uuid4())), {}) for _ in range(count)]
    with transaction.atomic():
        events_record(EventName.LOG_READ, actor=system("test"), about=about)
    log_advance()


def copied(old: TileStore, new: TileStore) -> None:
    """What the log of 300 events is made of, moved as an operator would."""
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"):
        content = old.read(path)
        assert content is not None, path
        new.write_tile(TileName.parse(path), content)
    note = old.read("checkpoint")
    assert note is not None
    new.write_checkpoint(note)


def test_a_stranger_proves_an_event_from_what_is_served(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def read(path: str) -> bytes | None:
        with django_assert_num_queries(0):
            answer = Client().get(f"/log/{path}")
        return answer.content if answer.status_code == 200 else None

    note = read("checkpoint")
    assert note is not None
    newest = verify_checkpoint(note, LogTrust((log_signer().key,))).checkpoint
    assert len(inclusion_proof(VerifiedTiles(read, newest.size, newest.root), 17)) == 9


@pytest.mark.parametrize(
    ("path", "status", "cached"),
    [
        ("checkpoint", 200, "public, max-age=1"),
        ("tile/0/000", 200, "public, max-age=31536000, immutable"),
        ("tile/0/001.p/44", 200, "public, max-age=31536000, immutable"),
        ("tile/entries/000", 404, None),
        ("tile/entries/001.p/44", 404, None),
        ("tile/0/002", 404, None),
        ("tile/0/../entries/000", 404, None),
        ("tile/../checkpoint", 404, None),
        ("tile/0/0000", 404, None),
    ],
)
def test_tiles_are_cached_for_ever_and_bundles_are_not_served(
    path: str, status: int, cached: str | None
) -> None:
    answer = Client().get(f"/log/{path}")
    assert answer.status_code == status
    if cached:
        assert answer["Cache-Control"] == cached


@pytest.fixture(params=["objects", "files"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """What Django's interface of storages stands before: nothing of ours, and our files."""
    if request.param == "objects":
        return InMemoryStorage()
    return AtomicFileStorage(location=str(tmp_path / "store"), base_url=None)


def test_a_storage_keeps_what_it_has(storage: Storage) -> None:
    store = StorageStore(storage, "log")
    name = TileName(0, 0, 3)
    assert store.read(name.path) is None
    store.write_tile(name, b"a" * 96)
    store.write_tile(name, b"a" * 96)
    with pytest.raises(LedgerInvalid, match="holds something else"):
        store.write_tile(name, b"b" * 96)
    for note in (b"first", b"second"):
        store.write_checkpoint(note)
        assert store.read("checkpoint") == note
    store.write_tile(TileName(0, 0), b"a" * 8192)
    store.drop_partials(TileName(0, 0))
    assert store.read(name.path) is None
    assert store.read("tile/0/000") == b"a" * 8192


def test_a_log_in_a_storage_is_published_proven_and_goes_on(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = StorageStore(storage, "log")
    for module in (publishing, proving):
        monkeypatch.setattr(module, "log_store", lambda: store)
    copied(log_store(), store)
    happened(400)

    trust = LogTrust((log_signer().key,))
    note = store.read("checkpoint")
    assert note is not None
    newest = verify_checkpoint(note, trust).checkpoint
    assert newest.size == 700
    event = Leaf.objects.select_related("event").get(sequence=650).event
    proof = event_proof(event)
    assert proof is not None
    verify_log_proof(proof, event.canonical.encode(), trust)


def test_how_the_log_stands_is_for_whoever_runs_the_machines() -> None:
    since = timezone.now() - timedelta(hours=1)
    Voucher.objects.create(name="witness.example/w1", failing_since=since, problem="timeout")
    self_check_record(["The trigger leaf_no_change on audit_leaf is gone."])
    standing = log_standing()

    assert standing.checkpoint is not None
    assert standing.checkpoint.size == 300
    assert standing.waiting == 1, "the event that says what the self-check found"
    assert [one.problem for one in standing.vouchers] == ["timeout"]
    assert standing.check is not None
    assert standing.check.findings

"""Others vouch for the log: a time-stamp authority, witnesses; the log does not wait for them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from compliance.errors import SignatureInvalid
from compliance.ledger import LogTrust, check_quorum, verify_checkpoint
from compliance.ledger.store import CHECKPOINT
from compliance.timestamps import timestamp_verify
from compliance.witness import Memory, Witness, WitnessServer
from deploy.local.probes import free_port
from rakkan.audit.log import log_signer, log_store
from rakkan.audit.models import Checkpoint, Cosignature, Event, TimeStamp, Voucher
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, log_advance, system
from rakkan.audit.services.vouch import AUTHORITY, checkpoint_vouch

pytestmark = pytest.mark.django_db
NAME = "witness.example/w1"


@pytest.fixture(autouse=True)
def a_checkpoint_at_once(settings: Settings) -> None:
    settings.RAKKAN_CHECKPOINT_SECONDS = 0
    settings.RAKKAN_WITNESSES = []


@contextmanager
def witness(folder: Path, port: int = 0) -> Iterator[WitnessServer]:
    """A real witness that knows the log of the tests."""
    memory = Memory(folder)
    trust = LogTrust((log_signer().key,))
    one = Witness(memory.signer(NAME), {trust.origin_name: trust}, memory)
    with WitnessServer(("127.0.0.1", port), one) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def grow() -> Checkpoint:
    with transaction.atomic():
        event_record(EventName.LOG_READ, actor=system("test"), subject=Subject("log", str(uuid4())))
    log_advance()
    return Checkpoint.objects.order_by("-size")[0]


def names() -> list[str]:
    told = [EventName.VOUCHER_FAILED.value, EventName.VOUCHER_RESUMED.value]
    return list(
        Event.objects.filter(name__in=told).order_by("written").values_list("name", flat=True)
    )


def later() -> None:
    Voucher.objects.update(retry_at=timezone.now() - timedelta(seconds=1))


def test_each_checkpoint_is_stamped_and_cosigned_and_shown_with_its_cosignatures(
    settings: Settings, tmp_path: Path
) -> None:
    with witness(tmp_path / "w") as server:
        key = server.witness.signer.key
        settings.RAKKAN_WITNESSES = [(key.text, f"http://127.0.0.1:{server.server_port}/")]
        for _ in range(3):
            newest = grow()
            assert checkpoint_vouch() == 2
            assert checkpoint_vouch() == 0, "once"
    log_advance()

    shown = log_store().read(CHECKPOINT)
    assert shown is not None
    trust = LogTrust((log_signer().key,), (key,), quorum=1)
    verified = verify_checkpoint(shown, trust)
    check_quorum(verified, trust)
    assert verified.checkpoint.size == newest.size
    assert Cosignature.objects.count() == TimeStamp.objects.count() == 3
    roots = (Path(settings.RAKKAN_TRUST) / "tsa_root.pem").read_bytes()
    stamp = bytes(newest.time_stamp.token)
    moment = timestamp_verify(stamp, newest.note.encode(), roots)
    assert abs(moment - timezone.now()) < timedelta(minutes=2)
    with pytest.raises(SignatureInvalid):
        timestamp_verify(stamp, newest.note.encode() + b"x", roots)
    other = (Path(settings.RAKKAN_TRUST) / "root.pem").read_bytes()
    with pytest.raises(SignatureInvalid):
        timestamp_verify(stamp, newest.note.encode(), other)


def test_who_is_away_stops_nothing_is_asked_again_and_said_once(
    settings: Settings, tmp_path: Path
) -> None:
    port, folder = free_port(), tmp_path / "w"
    key = Memory(folder).signer(NAME).key
    settings.RAKKAN_WITNESSES = [(key.text, f"http://127.0.0.1:{port}")]
    tsa, settings.TSA_URL = settings.TSA_URL, f"http://127.0.0.1:{port}/"
    grow()
    assert checkpoint_vouch() == 0
    assert names() == ["audit.voucher.failed"] * 2
    assert checkpoint_vouch() == 0
    failing = Voucher.objects.get(name=NAME)
    assert (failing.failures, failing.problem) == (1, "no-answer"), "not before its pause is over"
    later()
    assert checkpoint_vouch() == 0
    assert len(names()) == 2, "said once"
    grow()
    settings.TSA_URL = tsa
    later()
    with witness(folder, port):
        assert checkpoint_vouch() == 2
    assert names()[2:] == ["audit.voucher.resumed"] * 2
    assert not Voucher.objects.exclude(failing_since=None).exists()
    assert set(Voucher.objects.values_list("name", flat=True)) == {AUTHORITY, NAME}


def test_a_witness_that_remembers_another_size_is_believed(
    settings: Settings, tmp_path: Path
) -> None:
    with witness(tmp_path / "w") as server:
        key = server.witness.signer.key
        settings.RAKKAN_WITNESSES = [(key.text, f"http://127.0.0.1:{server.server_port}")]
        for _ in range(2):
            grow()
            checkpoint_vouch()
        Voucher.objects.filter(name=NAME).update(size=0)  # ours was lost
        grow()
        assert checkpoint_vouch() == 2
        newest = Checkpoint.objects.order_by("-size")[0]
        assert newest.cosignatures.count() == 1


def test_a_witness_that_saw_a_longer_log_is_an_alarm(settings: Settings, tmp_path: Path) -> None:
    with witness(tmp_path / "w") as server:
        key = server.witness.signer.key
        settings.RAKKAN_WITNESSES = [(key.text, f"http://127.0.0.1:{server.server_port}")]
        with transaction.atomic():
            grow()
            grow()
            checkpoint_vouch()
            transaction.set_rollback(True)
        shutil.rmtree(Path(settings.STORAGES["blobs"]["OPTIONS"]["location"]) / "log")
        grow()
        checkpoint_vouch()
    assert Voucher.objects.get(name=NAME).problem == "witness-saw-a-longer-log"

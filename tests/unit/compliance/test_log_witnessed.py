"""Log, witness and auditor together, over HTTP and files: what only a witness can find out."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from compliance.ledger import AddCheckpoint, LogTrust, consistency_proof, verify_checkpoint
from compliance.log.export import ExportCase, export_verify
from compliance.verify.report import Outcome
from compliance.witness import Memory, Witness, WitnessServer
from compliance.witness.service import logs_by_origin
from tests.unit.compliance.logs import BEGAN, LOG, checkpoint, event, events, export, grown

EVENTS = events(600)
STEPS = (1, 250, 256, 400, 600)  # sizes at which the log asks for a cosignature


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessServer]:
    memory = Memory(tmp_path / "witness")
    logs = logs_by_origin([LogTrust((LOG.key,))])
    now = (BEGAN + timedelta(seconds=len(EVENTS))).timestamp()
    server = WitnessServer(
        ("127.0.0.1", 0), Witness(memory.signer("witness.example/w"), logs, memory, lambda: now)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _ask(witness: WitnessServer, entries: list[bytes], old: int) -> tuple[int, bytes]:
    """Asks for a cosignature of a log of these entries; returns status and answer."""
    path = tuple(consistency_proof(grown(entries).tiles(), old))
    body = AddCheckpoint(old, path, checkpoint(entries)).encode()
    connection = http.client.HTTPConnection("127.0.0.1", witness.server_port, timeout=20)
    try:
        connection.request("POST", "/add-checkpoint", body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _grow(witness: WitnessServer) -> bytes:
    """Grows the log step by step and returns its last checkpoint, cosigned."""
    old, line = 0, b""
    for size in STEPS:
        status, line = _ask(witness, EVENTS[:size], old)
        assert status == 200
        old = size
    return checkpoint(EVENTS) + line


def _trust(witness: WitnessServer) -> LogTrust:
    return LogTrust((LOG.key,), (witness.witness.signer.key,), quorum=1)


def test_an_auditor_who_trusts_the_witness_accepts_the_log(
    witness: WitnessServer, tmp_path: Path
) -> None:
    note = _grow(witness)
    assert len(verify_checkpoint(note, _trust(witness)).cosignatures) == 1
    report = export_verify(ExportCase(export(tmp_path / "export", EVENTS, note), _trust(witness)))
    assert report.exit_status == 0, report


@pytest.mark.parametrize("changed", [0, 255, 399, 599])
def test_a_second_history_gets_no_cosignature_and_is_refused_at_first_sight(
    witness: WitnessServer, tmp_path: Path, changed: int
) -> None:
    """The log signs both itself; the auditor holds no earlier checkpoint."""
    cosigned = _grow(witness)
    forked = [*EVENTS[:changed], event(changed, object_label="else"), *EVENTS[changed + 1 :]]
    longer = [*forked, event(600)]
    assert _ask(witness, forked, len(EVENTS)) == (409, b"600\n")
    assert _ask(witness, longer, len(EVENTS))[0] == 422
    stolen = cosigned.removeprefix(checkpoint(EVENTS))  # the cosignature of the true history
    for note, failed in (
        (checkpoint(forked), ["witnesses"]),
        (checkpoint(forked) + stolen, ["checkpoint"]),
    ):
        path = export(tmp_path / failed[0], forked, note)
        report = export_verify(ExportCase(path, _trust(witness)))
        assert [c.name for c in report.checks if c.outcome is Outcome.FAIL] == failed


def test_a_rolled_back_log_is_told_what_the_witness_saw(witness: WitnessServer) -> None:
    _grow(witness)
    for size in (100, 400, 599):
        assert _ask(witness, EVENTS[:size], size) == (409, b"600\n")
        assert _ask(witness, EVENTS[:size], 0) == (409, b"600\n")

"""The witness: what it cosigns, what it refuses, asked from many sides at once and when killed."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger import (
    EMPTY_ROOT,
    AddCheckpoint,
    Checkpoint,
    KeyKind,
    LogTrust,
    NoteSigner,
    VerifierKey,
    consistency_proof,
    root_at,
    verify_checkpoint,
)
from compliance.ledger.witnessing import MAX_REQUEST
from compliance.witness import Answer, Memory, Witness, WitnessServer
from compliance.witness.service import logs_by_origin
from tests.unit.compliance.logs import grown, numbered

LOG = NoteSigner("example.com/log", KeyKind.NOTE, Ed25519PrivateKey.generate())
TREE = grown(numbered(300)).tiles()
FORK = grown([*numbered(7), b"other", *numbered(292, start=8)]).tiles()
NOW = 1_800_000_000


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    memory = Memory(tmp_path / "witness")
    logs = logs_by_origin([LogTrust((LOG.key,))])
    return Witness(memory.signer("witness.example/w"), logs, memory, now=lambda: NOW + 0.5)


def _checkpoint(size: int, tree: object = TREE) -> bytes:
    return Checkpoint(LOG.name, size, root_at(tree, size)).sign([LOG])  # type: ignore[arg-type]


def _path(old: int, new: int, source: object = TREE) -> tuple[bytes, ...]:
    tiles = grown(numbered(new)).tiles() if source is TREE else source
    return tuple(consistency_proof(tiles, old))  # type: ignore[arg-type]


def _request(old: int, new: int) -> bytes:
    return AddCheckpoint(old, _path(old, new), _checkpoint(new)).encode()


def _status(answer: Answer) -> int:
    return int(answer.status)


def _cosigned(answer: Answer, checkpoint: bytes, witness: Witness) -> Checkpoint:
    """Makes sure that an answer is a cosignature of a checkpoint."""
    assert answer.status == HTTPStatus.OK
    trust = LogTrust((LOG.key,), (witness.signer.key,), quorum=1)
    verified = verify_checkpoint(checkpoint + answer.body, trust)
    assert [signed.time for signed in verified.cosignatures] == [NOW]
    return verified.checkpoint


def test_a_log_that_grows_is_cosigned_step_by_step(witness: Witness) -> None:
    sizes = [0, 1, 2, 7, 8, 8, 255, 256, 300, 300]
    for old, new in zip([0, *sizes], sizes, strict=False):
        answer = witness.add_checkpoint(_request(old, new))
        assert _cosigned(answer, _checkpoint(new), witness).size == new


def test_the_request_has_the_lines_of_the_specification() -> None:
    request = AddCheckpoint(5, _path(5, 8), _checkpoint(8))
    lines = request.encode().decode().split("\n")
    assert lines[0] == "old 5"
    assert all(len(line) == 44 for line in lines[1 : lines.index("")])
    assert "\n".join(lines[lines.index("") + 1 :]).encode() == _checkpoint(8)
    assert AddCheckpoint.parse(request.encode()) == request


def test_another_old_size_is_told_the_known_one(witness: Witness) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    for old in (0, 99, 101, 300):
        answer = witness.add_checkpoint(_request(old, 300))
        conflict = Answer(HTTPStatus.CONFLICT, b"100\n", "text/x.tlog.size")
        assert answer == conflict


def test_a_rollback_is_refused(witness: Witness) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    older = AddCheckpoint(100, (), _checkpoint(50)).encode()
    assert _status(witness.add_checkpoint(older)) == 400
    assert _status(witness.add_checkpoint(_request(0, 50))) == 409
    assert _status(witness.add_checkpoint(_request(50, 50))) == 409


def test_a_fork_is_refused(witness: Witness) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    same_size = AddCheckpoint(100, (), _checkpoint(100, FORK)).encode()
    assert _status(witness.add_checkpoint(same_size)) == 409
    for path in (_path(100, 300), _path(100, 300, FORK), ()):
        longer = AddCheckpoint(100, path, _checkpoint(300, FORK)).encode()
        assert _status(witness.add_checkpoint(longer)) == 422
    assert witness.add_checkpoint(_request(100, 300)).status == HTTPStatus.OK


def test_a_proof_where_there_is_nothing_to_prove_is_refused(witness: Witness) -> None:
    first = AddCheckpoint(0, (bytes(32),), _checkpoint(10)).encode()
    assert _status(witness.add_checkpoint(first)) == 422
    assert witness.add_checkpoint(_request(0, 10)).status == HTTPStatus.OK
    again = AddCheckpoint(10, (bytes(32),), _checkpoint(10)).encode()
    assert _status(witness.add_checkpoint(again)) == 422


def test_an_unknown_log_and_a_strange_key_are_refused(witness: Witness) -> None:
    other = replace(LOG, name="example.com/other")
    root = root_at(TREE, 5)
    unknown = Checkpoint(other.name, 5, root).sign([other])
    assert _status(witness.add_checkpoint(AddCheckpoint(0, (), unknown).encode())) == 404
    stranger = replace(LOG, private=Ed25519PrivateKey.generate())
    for forged in (
        Checkpoint(LOG.name, 5, root).sign([stranger]),
        Checkpoint(LOG.name, 5, root).sign([other]),
        _checkpoint(5).replace(b"\n5\n", b"\n6\n"),
    ):
        assert _status(witness.add_checkpoint(AddCheckpoint(0, (), forged).encode())) == 403
    assert witness.add_checkpoint(_request(0, 5)).status == HTTPStatus.OK


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"old\n",
        b"old \n",
        b"old 00\n",
        b"old -1\n",
        b"old 1\r\n",
        b"Old 0\n",
        b"old 99999999999999999999\n",
        b"old 0\nAAAA\n",
        b"old 0\nnot base64\n",
        b"old 0\n\xff\n",
        b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64,
    ],
)
def test_a_malformed_request_is_a_bad_request(witness: Witness, head: bytes) -> None:
    assert _status(witness.add_checkpoint(head + b"\n" + _checkpoint(5))) == 400
    assert _status(witness.add_checkpoint(head)) == 400


@settings(deadline=None)
@given(st.data())
def test_no_changed_request_is_cosigned_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    memory = Memory(tmp_path_factory.mktemp("memory"))
    logs = logs_by_origin([LogTrust((LOG.key,))])
    witness = Witness(memory.signer("witness.example/w"), logs, memory, now=lambda: NOW)
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    whole = _request(100, 300)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + data.draw(st.binary(max_size=2)) + whole[at + 1 :]
    answer = witness.add_checkpoint(changed)
    if answer.status == HTTPStatus.OK:
        assert changed == whole
    else:
        assert _status(answer) in (400, 403, 404, 409, 422)
        assert _cosigned(witness.add_checkpoint(whole), _checkpoint(300), witness).size == 300


def test_of_many_requests_at_once_one_history_is_cosigned(witness: Witness) -> None:
    """The race that the specification describes: a smaller tree must never replace a larger."""
    assert witness.add_checkpoint(_request(0, 10)).status == HTTPStatus.OK
    sizes = list(range(11, 43))
    requests = [_request(10, size) for size in sizes]
    barrier = threading.Barrier(len(sizes))

    def ask(request: bytes) -> Answer:
        barrier.wait()
        return witness.add_checkpoint(request)

    with ThreadPoolExecutor(len(sizes)) as pool:
        answers = list(pool.map(ask, requests))
    won = [size for size, answer in zip(sizes, answers, strict=True) if _status(answer) == 200]
    assert len(won) == 1
    assert {_status(answer) for answer in answers} == {200, 409}
    assert witness.add_checkpoint(_request(won[0], 300)).status == HTTPStatus.OK


def test_what_was_cosigned_is_remembered_by_the_next_process(witness: Witness) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    memory = Memory(witness.memory._folder)
    again = Witness(memory.signer("witness.example/w"), witness.logs, memory)
    assert again.signer.key == witness.signer.key
    assert again.add_checkpoint(_request(0, 300)).body == b"100\n"
    assert again.add_checkpoint(_request(100, 300)).status == HTTPStatus.OK


def test_a_damaged_memory_cosigns_nothing(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    (memory,) = (tmp_path / "witness").glob("*.checkpoint")
    whole = memory.read_bytes()
    other = replace(LOG, name="example.com/other")
    strange = Checkpoint(other.name, 0, EMPTY_ROOT).sign([other])
    for damage in (b"", whole[:40], b"\x00" * 10, strange):
        memory.write_bytes(damage)
        with pytest.raises(LedgerInvalid):
            witness.add_checkpoint(_request(0, 300))


def test_a_lost_key_is_not_quietly_replaced(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(_request(0, 100)).status == HTTPStatus.OK
    assert (tmp_path / "witness/witness.pem").stat().st_mode & 0o777 == 0o600
    (tmp_path / "witness/witness.pem").unlink()
    with pytest.raises(LedgerInvalid, match="is gone"):
        Memory(tmp_path / "witness").signer("witness.example/w")


def test_a_log_is_named_once() -> None:
    with pytest.raises(InvalidInput, match="twice"):
        logs_by_origin([LogTrust((LOG.key,)), LogTrust((LOG.key,))])


@pytest.fixture
def served(witness: Witness) -> Iterator[WitnessServer]:
    server = WitnessServer(("127.0.0.1", 0), witness)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        yield connection
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    connection.request("POST", "/add-checkpoint", body)
    response = connection.getresponse()
    return response.status, response.read()


def test_it_answers_over_one_connection_kept_open(served: WitnessServer) -> None:
    with _connected(served.server_port) as connection:
        connection.request("GET", "/")
        key = VerifierKey.parse(connection.getresponse().read().decode())
        assert key == served.witness.signer.key
        status, line = _post(connection, _request(0, 100))
        cosigned = _cosigned(Answer(HTTPStatus(status), line), _checkpoint(100), served.witness)
        assert cosigned.size == 100
        connection.request("POST", "/add-checkpoint", _request(0, 300))
        response = connection.getresponse()
        assert (response.status, response.read()) == (409, b"100\n")
        assert response.headers["Content-Type"] == "text/x.tlog.size"
        assert _post(connection, _request(100, 300))[0] == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (
            b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST + 1),
            413,
        ),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000), 413),
        (b"POST /other HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 404),
        (b"GET /other HTTP/1.1\r\n\r\n", 404),
        (b"DELETE / HTTP/1.1\r\n\r\n", 501),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400),
    ],
)
def test_what_is_no_request_of_ours_gets_its_status(
    served: WitnessServer, head: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", served.server_port), timeout=20) as client:
        client.sendall(head)
        assert client.recv(4096).split(b" ")[1] == b"%d" % status
    with _connected(served.server_port) as connection:
        assert _post(connection, _request(0, 0))[0] == 200


def test_a_damaged_memory_is_the_witness_s_fault(served: WitnessServer, tmp_path: Path) -> None:
    with _connected(served.server_port) as connection:
        assert _post(connection, _request(0, 100))[0] == 200
        next((tmp_path / "witness").glob("*.checkpoint")).write_bytes(b"damage")
        status, body = _post(connection, _request(100, 300))
        assert (status, body) == (503, b"The witness cannot remember.\n")


def test_clients_that_hang_up_keep_nobody_out(served: WitnessServer) -> None:
    for _ in range(70):  # more than it serves at once
        with socket.create_connection(("127.0.0.1", served.server_port), timeout=20) as client:
            client.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\nhalf")
    with _connected(served.server_port) as connection:
        assert _post(connection, _request(0, 100))[0] == 200


@contextmanager
def _process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    command = [sys.executable, "-m", "compliance.witness", "--state", str(folder), "--port", "0"]
    command += ["--name", "witness.example/w", "--log", LOG.key.text]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline().rsplit(b":", 1)[1])
        finally:
            process.kill()


def test_a_killed_witness_never_forgets_what_it_cosigned(tmp_path: Path) -> None:
    cosigned = 0
    for _ in range(6):
        with _process(tmp_path) as (process, port), _connected(port) as connection:
            known = int(_post(connection, _request(0, 1))[1] or 0) if cosigned else 0
            assert known >= cosigned
            killer = threading.Timer(0.02, process.kill)
            for size in range(known, known + 40):
                if size == known + 5:
                    killer.start()
                try:
                    status, _ = _post(connection, _request(max(known, cosigned), size))
                except (ConnectionError, http.client.HTTPException):
                    break
                assert status == 200
                cosigned = size
            killer.join()
    assert cosigned > 0


def test_a_witness_that_cannot_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "compliance.witness", "--state", str(tmp_path), "--port", "0"]
    wrong: list[Callable[[], list[str]]] = [
        lambda: ["--name", "two words", "--log", LOG.key.text],
        lambda: ["--name", "witness", "--log", "no key"],
        lambda: ["--name", "witness", "--log", LOG.key.text, "--log", LOG.key.text],
    ]
    for options in wrong:
        result = subprocess.run([*command, *options()], capture_output=True, text=True, check=False)
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        assert result.stderr

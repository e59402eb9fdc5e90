"""Signed notes, checkpoints, cosignatures and proof files: published, ours, and hostile ones."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger import (
    EMPTY_ROOT,
    Checkpoint,
    KeyKind,
    LogProof,
    LogTrust,
    NoteSigner,
    VerifierKey,
    check_quorum,
    parse_note,
    verify_checkpoint,
    verify_log_proof,
    verify_note,
)
from tests.unit.compliance.logs import grown, numbered

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "ledger"  # where from: its README
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
FIRMWARE_KEY = (
    "transparency.dev-aw-ftlog-ci-3+3f689522+Aa1Eifq6rRC8qiK+bya07yV1fXyP156pEMsX7CFBC6gg"
)
NAVIGLI_KEY = (
    "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"
)
TIME = 1_679_315_147  # of the example in tlog-cosignature


def _signer(name: str, kind: KeyKind = KeyKind.NOTE) -> NoteSigner:
    return NoteSigner(name, kind, Ed25519PrivateKey.generate())


LOG = _signer("example.com/log")
WITNESSES = [_signer(f"witness.example/{n}", KeyKind.COSIGNATURE) for n in (1, 2)]
TRUST = LogTrust((LOG.key,), tuple(witness.key for witness in WITNESSES), quorum=1)
ENTRIES = numbered(300)
TREE = grown(ENTRIES)
CHECKPOINT = Checkpoint(LOG.name, TREE.tree.size, TREE.tree.root)
COSIGNED = CHECKPOINT.sign([LOG]) + b"".join(w.sign(CHECKPOINT.text, TIME) for w in WITNESSES)


def _published(name: str) -> bytes:
    return (PUBLISHED / name).read_bytes()


def test_the_note_of_the_go_documentation_is_verified() -> None:
    key = VerifierKey.parse(NEUMANN_KEY)
    assert key.text == NEUMANN_KEY
    note = parse_note(_published("note-go-documentation.txt"))
    assert [signed.key for signed in verify_note(note, [key])] == [key]


@pytest.mark.parametrize("size", [15368405, 65209736])
def test_heads_of_the_go_checksum_database_are_verified(size: int) -> None:
    trust = LogTrust((VerifierKey.parse(GO_KEY),), origin="go.sum database tree")
    head = _published(f"checkpoint-go-{size}.txt")
    assert verify_checkpoint(head, trust).checkpoint.size == size
    with pytest.raises(LedgerInvalid, match="does not hold"):
        verify_checkpoint(head.replace(b"%d" % size, b"%d" % (size + 1)), trust)


def test_a_checkpoint_with_unknown_witnesses_is_verified_without_them() -> None:
    origin = "transparency.dev/armored-witness/firmware_transparency/ci/3"
    trust = LogTrust((VerifierKey.parse(FIRMWARE_KEY),), origin=origin)
    verified = verify_checkpoint(_published("checkpoint-firmware.txt"), trust)
    assert verified.checkpoint.size == 59
    assert verified.cosignatures == ()
    names = [line.name for line in parse_note(_published("checkpoint-firmware.txt")).signatures]
    assert names[1:] == ["ArmoredWitness-weathered-rain", "ArmoredWitness-floral-sky"]


def test_the_cosignature_of_a_public_witness_is_verified() -> None:
    witness = VerifierKey.parse(NAVIGLI_KEY)
    assert witness.kind is KeyKind.COSIGNATURE
    whole = _published("checkpoint-witnessed.txt")
    note = parse_note(whole)
    assert Checkpoint.parse(note.text).size == 185_550_722
    assert [signed.time for signed in verify_note(note, [witness])] == [1_785_704_691]
    for old, new in ((b"185550722", b"185550723"), (b"AAAABqb7Dz", b"AAAABqb7Dw")):
        with pytest.raises(LedgerInvalid, match="navigli"):
            verify_note(parse_note(whole.replace(old, new)), [witness])


def test_a_key_id_is_made_as_the_specification_says() -> None:
    for signer in (LOG, WITNESSES[0]):
        kind = b"\x01" if signer is LOG else b"\x04"
        public = signer.private.public_key().public_bytes_raw()
        expected = hashlib.sha256(signer.name.encode() + b"\n" + kind + public).digest()[:4]
        assert signer.key.id == expected


def test_a_cosignature_covers_header_time_and_text() -> None:
    """Taken apart by hand, as tlog-cosignature describes it."""
    witness = WITNESSES[0]
    line = witness.sign(CHECKPOINT.text, TIME).decode()
    assert line.startswith(f"— {witness.name} ")
    assert line.endswith("\n")
    value = base64.b64decode(line.split(" ")[2])
    assert value[:4] == witness.key.id
    assert value[4:12] == TIME.to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text
    Ed25519PublicKey.from_public_bytes(witness.key.public).verify(value[12:], message)


def test_a_checkpoint_reads_as_it_was_signed() -> None:
    verified = verify_checkpoint(COSIGNED, TRUST)
    assert verified.checkpoint == CHECKPOINT
    assert [(s.key, s.time) for s in verified.cosignatures] == [(w.key, TIME) for w in WITNESSES]
    check_quorum(verified, replace(TRUST, quorum=2))
    extended = replace(CHECKPOINT, extensions=("more", "to say"))
    assert verify_checkpoint(extended.sign([LOG]), TRUST).checkpoint == extended


def test_a_quorum_is_of_different_witnesses() -> None:
    one = WITNESSES[0]
    note = CHECKPOINT.sign([LOG]) + one.sign(CHECKPOINT.text, TIME) * 2
    verified = verify_checkpoint(note + one.sign(CHECKPOINT.text, TIME + 1), TRUST)
    check_quorum(verified, TRUST)
    with pytest.raises(LedgerInvalid, match="1 of the needed 2"):
        check_quorum(verified, replace(TRUST, quorum=2))


@pytest.mark.parametrize(
    ("logs", "witnesses", "quorum"),
    [
        ((), (), 0),
        ((WITNESSES[0].key,), (), 0),
        ((LOG.key, _signer("example.com/other").key), (), 0),
        ((LOG.key,), (LOG.key,), 1),
        ((LOG.key,), (WITNESSES[0].key,), 2),
        ((LOG.key,), (), -1),
        ((LOG.key,), (WITNESSES[0].key, replace(WITNESSES[0].key, name="another")), 2),
    ],
)
def test_a_trust_that_means_nothing_is_refused(
    logs: tuple[VerifierKey, ...], witnesses: tuple[VerifierKey, ...], quorum: int
) -> None:
    with pytest.raises(InvalidInput):
        LogTrust(logs, witnesses, quorum)


def _resigned(checkpoint: Checkpoint, signer: NoteSigner = LOG) -> bytes:
    return checkpoint.sign([signer])


FORGERIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "another key of that name": (lambda: _resigned(CHECKPOINT, _signer(LOG.name)), "pinned key"),
    "the same key under another name": (
        lambda: _resigned(CHECKPOINT, replace(LOG, name="example.com/other")),
        "pinned key",
    ),
    "the log's key as a cosignature": (
        lambda: (
            CHECKPOINT.text
            + b"\n"
            + replace(LOG, kind=KeyKind.COSIGNATURE).sign(CHECKPOINT.text, TIME)
        ),
        "pinned key",
    ),
    "witnesses only": (
        lambda: CHECKPOINT.text + b"\n" + WITNESSES[0].sign(CHECKPOINT.text, TIME),
        "pinned key",
    ),
    "another size": (lambda: COSIGNED.replace(b"\n300\n", b"\n299\n"), "does not hold"),
    "another origin, signed": (
        lambda: _resigned(replace(CHECKPOINT, origin="example.com/other")),
        "not of",
    ),
    "a witness's signature of another tree": (
        lambda: (
            CHECKPOINT.sign([LOG]) + WITNESSES[0].sign(replace(CHECKPOINT, size=299).text, TIME)
        ),
        "witness.example/1 does not hold",
    ),
    "a witness's signature of another time": (
        lambda: COSIGNED.replace(
            WITNESSES[0].sign(CHECKPOINT.text, TIME), _retimed(WITNESSES[0], TIME + 1)
        ),
        "does not hold",
    ),
    "a text that is no checkpoint": (
        lambda: b"hello\n\n" + LOG.sign(b"hello\n"),
        "not a checkpoint",
    ),
}


def _retimed(witness: NoteSigner, time: int) -> bytes:
    line = witness.sign(CHECKPOINT.text, TIME)
    value = base64.b64decode(line.split(b" ")[2])
    changed = value[:4] + time.to_bytes(8, "big") + value[12:]
    return line.replace(base64.b64encode(value), base64.b64encode(changed))


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_checkpoint_is_refused(forgery: str) -> None:
    made, reason = FORGERIES[forgery]
    assert made() != COSIGNED
    with pytest.raises(LedgerInvalid, match=reason):
        verify_checkpoint(made(), TRUST)


GOOD_LINE = LOG.sign(b"text\n")


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        b"text\n" + GOOD_LINE,
        b"text\n\n" + GOOD_LINE[:-1],
        b"text\n\n" + GOOD_LINE + b"more",
        b"text\n\n" + GOOD_LINE + b"\n",
        b"text\n\n" + GOOD_LINE.replace(b"\n", b"\r\n"),
        b"te\txt\n\n" + GOOD_LINE,
        b"te\x00xt\n\n" + GOOD_LINE,
        b"te\xffxt\n\n" + GOOD_LINE,
        b"text\n\n" + GOOD_LINE.replace("—".encode(), b"-"),
        b"text\n\n" + GOOD_LINE.replace("— ".encode(), "—".encode()),
        b"text\n\n" + "—  AAAAAAA=\n".encode(),
        b"text\n\n" + "— na+me AAAAAAA=\n".encode(),
        b"text\n\n" + "— na\u00a0me AAAAAAA=\n".encode(),
        b"text\n\n" + "— na\u2003me AAAAAAA=\n".encode(),
        b"text\n\n" + "— name\n".encode(),
        b"text\n\n" + "— name AAAA\n".encode(),
        b"text\n\n" + "— name AAAAAA==\n".encode(),
        b"text\n\n" + "— name AAAAAAB=\n".encode(),
        b"text\n\n" + "— name AAAAAAA\n".encode(),
        b"text\n\n" + "— name AAAA AAA=\n".encode(),
        b"text\n\n" + "— name AAAA_AA=\n".encode(),
        b"text\n\n" + "— name ÀAAAAAA=\n".encode(),
        b"text\n\n" + f"— {'n' * 300} AAAAAAA=\n".encode(),
        b"text\n\n" + GOOD_LINE * 65,
        b"x" * (1 << 20) + b"\n\n" + GOOD_LINE,
    ],
)
def test_what_is_not_a_signed_note_is_refused(note: bytes) -> None:
    with pytest.raises(LedgerInvalid):
        parse_note(note)


def test_a_note_may_have_empty_lines_and_many_signatures() -> None:
    text = "Ognuno sta solo\n\ned è subito sera.\n".encode()
    lines = [_signer(f"key/{n}").sign(text) for n in range(15)]
    note = parse_note(text + b"\n" + b"".join(lines) + LOG.sign(text))
    assert note.text == text
    assert [signed.key for signed in verify_note(note, [LOG.key])] == [LOG.key]


def test_a_bad_second_signature_of_a_known_key_refuses_the_note() -> None:
    note = CHECKPOINT.sign([LOG]) + LOG.sign(b"something else\n")
    with pytest.raises(LedgerInvalid, match="does not hold"):
        verify_checkpoint(note, TRUST)


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000", "name+00000000+AAAA", NEUMANN_KEY.replace("c74f", "c74e"),
        NEUMANN_KEY.replace("c74f20a3", "C74F20A3"), NEUMANN_KEY.replace("Peter", "peter"),
        NEUMANN_KEY.replace("Peter", "Peter "), NEUMANN_KEY[:-1], NEUMANN_KEY + "=",
        "+" + NEUMANN_KEY,
        f"name+00000000+{base64.b64encode(bytes([6]) + bytes(32)).decode()}",
        f"name+00000000+{base64.b64encode(bytes([1]) + bytes(1 << 16)).decode()}",
    ],
)  # fmt: skip
def test_what_is_not_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(LedgerInvalid):
        VerifierKey.parse(text)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "log\n1\n",
        f"\n1\n{ROOT}\n",
        f"log\n1\n{ROOT}",
        f"log\n01\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n+1\n{ROOT}\n",
        f"log\n1_0\n{ROOT}\n",
        f"log\n\u0661\n{ROOT}\n",
        f"log\n1e3\n{ROOT}\n",
        f"log\n \n{ROOT}\n",
        f"log\n9223372036854775808\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        f"log\n0\n{ROOT}\n",
        f"log\n1\n{ROOT[:-1]}\n",
        "log\n1\nAAAA\n",
        f"log\n1\n{ROOT.replace('A=', 'B=')}\n",
        f"log\n1\n{ROOT}\n\nmore\n",
        f"log\n1\n{ROOT}\n\n",
    ],
)
def test_what_is_not_the_text_of_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LedgerInvalid):
        Checkpoint.parse(text.encode())


def test_what_would_read_differently_is_not_signed() -> None:
    for origin in ("", "two\nlines", "tab\t", "log\n1"):
        with pytest.raises(InvalidInput):
            replace(CHECKPOINT, origin=origin).sign([LOG])
    with pytest.raises(InvalidInput):
        CHECKPOINT.sign([])
    with pytest.raises(InvalidInput):
        Checkpoint("log", 0, bytes(32)).sign([LOG])
    assert Checkpoint("log", 0, EMPTY_ROOT).sign([LOG])
    with pytest.raises(InvalidInput, match="states a time"):
        LOG.sign(b"text\n", TIME)
    with pytest.raises(InvalidInput, match="states a time"):
        WITNESSES[0].sign(b"text\n")
    with pytest.raises(LedgerInvalid, match="time"):
        WITNESSES[0].sign(b"text\n", 1 << 63)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_an_error(data: bytes) -> None:
    for candidate in (data, b"text\n\n" + data, CHECKPOINT.text + b"\n" + data):
        try:
            note = parse_note(candidate)
        except LedgerInvalid:
            continue
        assert candidate.startswith(note.text + b"\n")


@settings(deadline=None)
@given(st.data())
def test_no_changed_byte_of_a_checkpoint_goes_unseen(data: st.DataObject) -> None:
    """Each is refused, or leaves what the log signed as it was and loses a cosignature."""
    at = data.draw(st.integers(0, len(COSIGNED) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != COSIGNED[at]))
    changed = COSIGNED[:at] + bytes([byte]) + COSIGNED[at + 1 :]
    try:
        verified = verify_checkpoint(changed, TRUST)
    except LedgerInvalid:
        return
    assert verified.checkpoint == CHECKPOINT
    assert len(verified.cosignatures) < len(WITNESSES)


PROOF = LogProof.make(TREE.read, COSIGNED, 123, extra=ENTRIES[123])


def test_a_proof_file_has_the_lines_of_the_specification() -> None:
    lines = PROOF.encode().decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"extra {base64.b64encode(ENTRIES[123]).decode()}"
    assert lines[2] == "index 123"
    assert [base64.b64decode(line) for line in lines[3 : lines.index("")]] == list(PROOF.path)
    assert "\n".join(lines[lines.index("") + 1 :]).encode() == COSIGNED


@settings(deadline=None)
@given(st.integers(0, len(ENTRIES) - 1), st.booleans())
def test_every_entry_has_a_proof_file_that_holds_for_it_alone(index: int, extra: bool) -> None:
    made = LogProof.make(TREE.read, COSIGNED, index, ENTRIES[index] if extra else None)
    proof = LogProof.parse(made.encode())
    assert proof == made
    assert verify_log_proof(proof, ENTRIES[index], TRUST).checkpoint == CHECKPOINT
    for other in (ENTRIES[index - 1], b"", ENTRIES[index] + b" "):
        with pytest.raises(LedgerInvalid, match="does not hold this one"):
            verify_log_proof(proof, other, TRUST)
    bare = replace(proof, checkpoint=CHECKPOINT.sign([LOG]))
    with pytest.raises(LedgerInvalid, match="0 of the needed 1"):
        verify_log_proof(bare, ENTRIES[index], TRUST)


def test_no_proof_is_made_from_tiles_of_another_tree() -> None:
    other = grown([b"other", *ENTRIES[1:]])
    with pytest.raises(LedgerInvalid):
        LogProof.make(other.read, COSIGNED, 299)
    with pytest.raises(IndexError):
        LogProof.make(TREE.read, COSIGNED, 300)


H = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "wrong-header\nindex 0\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 99999999999999999999\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{base64.b64encode(bytes(64)).decode()}\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{H}\nextra AAAA\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\nindex 1\n{H}\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\r\nindex 0\r\n{H}\r\n\r\ncheckpoint\r\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{H}\n" * 64 + "\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nÀ\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nextra " + "AAAA" * 300_000 + "\nindex 0\n\ncheckpoint\n",
    ],
)
def test_what_is_not_a_proof_file_is_refused(proof: str) -> None:
    with pytest.raises(LedgerInvalid):
        LogProof.parse(proof.encode())


@settings(deadline=None)
@given(st.data())
def test_no_changed_byte_of_a_proof_file_goes_unseen(data: st.DataObject) -> None:
    whole = PROOF.encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        proof = LogProof.parse(changed)
        verified = verify_log_proof(proof, ENTRIES[123], replace(TRUST, quorum=2))
    except LedgerInvalid:
        return
    # only the extra data is outside what is proven, and whoever takes the entry from it sees that
    assert (proof.index, proof.path, verified.checkpoint) == (123, PROOF.path, CHECKPOINT)
    assert proof.extra != ENTRIES[123]

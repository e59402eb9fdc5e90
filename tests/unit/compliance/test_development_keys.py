"""The development key folder: complete or not there, once, whoever comes first."""

import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509

import compliance
from compliance.development import development_keys
from compliance.development.keys import MARK, PROCESS_FILES
from compliance.development.pki import DOCUMENT_SIGNING
from compliance.errors import InvalidInput
from compliance.signing import KeyRole, StatementSigner, StatementVerifier
from compliance.watermark import KeyRing, WatermarkKey


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


ROOT = Path(compliance.__file__).parents[1]
PRINT_DIGEST = """
import sys; from pathlib import Path
from compliance.canonical import file_sha256
from compliance.development import development_keys
from compliance.development.keys import MARK, PROCESS_FILES
paths = development_keys(Path(sys.argv[1]))
print(file_sha256(paths.watermark_key), file_sha256(paths.trust / "root.pem"))
"""


def test_secrets_are_private_and_the_bundle_holds_no_secret(tmp_path: Path) -> None:
    paths = development_keys(tmp_path / "new" / "folder")
    assert stat.S_IMODE(paths.keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths.keys.iterdir()} == {0o600}
    assert sorted(path.name for path in paths.trust.iterdir()) == [
        "README.txt",
        "checkpoint.pub.pem",
        "evidence_root.pem",
        "log.vkey",
        "permit.pub.pem",
        "receipt.pub.pem",
        "root.pem",
        "status.pub.pem",
        "tsa_root.pem",
    ]
    assert not any(b"PRIVATE" in content for content in _contents(paths.trust).values())


def test_a_statement_signed_with_the_keys_is_verified_with_the_bundle(tmp_path: Path) -> None:
    paths = development_keys(tmp_path)
    for role in (KeyRole.PERMIT, KeyRole.RECEIPT, KeyRole.CHECKPOINT, KeyRole.STATUS):
        token = StatementSigner.load(role, paths.statement_key(role)).sign({"a": 1})
        public = (paths.trust / f"{role.value}.pub.pem").read_bytes()
        assert StatementVerifier.from_pems(role, [public]).verify(token) == {"a": 1}


def test_the_chains_end_at_the_roots_of_the_bundle(tmp_path: Path) -> None:
    paths = development_keys(tmp_path)
    chains = {
        "release_chain.pem": "root.pem",
        "evidence_chain.pem": "evidence_root.pem",
        "tsa_chain.pem": "tsa_root.pem",
    }
    for chain, root in chains.items():
        certificates = x509.load_pem_x509_certificates((paths.keys / chain).read_bytes())
        anchor = x509.load_pem_x509_certificate((paths.trust / root).read_bytes())
        path = [*certificates, anchor]
        for issued, issuer in pairwise(path):
            issued.verify_directly_issued_by(issuer)


def test_a_second_call_changes_nothing_and_writes_a_lost_bundle_again(tmp_path: Path) -> None:
    paths = development_keys(tmp_path)
    before = _contents(paths.keys) | _contents(paths.trust)
    for path in paths.trust.iterdir():
        path.unlink()
    paths.trust.rmdir()
    development_keys(tmp_path)
    assert _contents(paths.keys) | _contents(paths.trust) == before


def test_processes_that_start_together_agree_on_one_set(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRINT_DIGEST, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(3)]
    printed = [program.communicate(timeout=60)[0] for program in running]
    assert [program.returncode for program in running] == [0, 0, 0]
    assert len(set(printed)) == 1
    shares = [f"keys-{process}" for process in PROCESS_FILES]
    assert {path.name for path in tmp_path.iterdir()} == {".keys.lock", "keys", "trust", *shares}


def test_a_lost_key_is_reported_and_not_replaced(tmp_path: Path) -> None:
    paths = development_keys(tmp_path)
    (paths.keys / "receipt.pem").unlink()
    with pytest.raises(InvalidInput, match=r"receipt\.pem missing") as caught:
        development_keys(tmp_path)
    assert caught.value.code == "keys-incomplete"
    assert caught.value.remedy


def test_a_folder_from_before_persons_had_keys_gets_that_key_and_keeps_the_others(
    tmp_path: Path,
) -> None:
    paths = development_keys(tmp_path)
    holders = [paths.keys, *(paths.of_process(name) for name in ("web", "seal", "clerk"))]
    for folder in holders:
        (folder / "subjects.key").unlink()
    before = _contents(paths.keys)

    development_keys(tmp_path)

    after = _contents(paths.keys)
    assert after.keys() - before.keys() == {"subjects.key"}
    assert {name: after[name] for name in before} == before
    assert {(folder / "subjects.key").read_bytes() for folder in holders} == {after["subjects.key"]}


def test_a_persons_key_that_a_share_still_holds_was_lost_and_is_not_replaced(
    tmp_path: Path,
) -> None:
    paths = development_keys(tmp_path)
    (paths.keys / "subjects.key").unlink()
    with pytest.raises(InvalidInput, match=r"subjects\.key missing"):
        development_keys(tmp_path)


def test_a_folder_from_before_packs_were_signed_gets_that_key_and_a_lost_one_is_not_replaced(
    tmp_path: Path,
) -> None:
    paths = development_keys(tmp_path)
    names = ("evidence_chain.pem", "evidence_key.pem", "evidence_root.pem")
    for folder in (paths.keys, paths.of_process("seal"), paths.trust):
        for name in names:
            (folder / name).unlink(missing_ok=True)
    before = _contents(paths.keys)
    (paths.keys / "evidence_chain.pem").write_text("of a call that was killed")

    development_keys(tmp_path)

    after = _contents(paths.keys)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == set(names)
    root = (paths.trust / "evidence_root.pem").read_bytes()
    assert root == after["evidence_root.pem"]
    x509.load_pem_x509_certificate(after["evidence_chain.pem"]).verify_directly_issued_by(
        x509.load_pem_x509_certificate(root)
    )
    paths.evidence_key.unlink()
    with pytest.raises(InvalidInput, match=r"evidence_key\.pem missing"):
        development_keys(tmp_path)


def test_the_evidence_certificate_is_one_for_documents_and_nothing_else(tmp_path: Path) -> None:
    """RFC 5280 and RFC 9336: what PDF readers and our own verifier look for."""
    paths = development_keys(tmp_path)
    leaf = x509.load_pem_x509_certificate(paths.evidence_chain.read_bytes())
    root = x509.load_pem_x509_certificate((paths.trust / "evidence_root.pem").read_bytes())
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert not usage.value.key_agreement
    extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in extended] == [DOCUMENT_SIGNING.dotted_string]
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca
    assert leaf.version is x509.Version.v3
    assert 0 < leaf.serial_number.bit_length() <= 159  # RFC 5280, 4.1.2.2
    authority = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    subject = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority.key_identifier == subject.digest
    assert leaf.not_valid_after_utc <= root.not_valid_after_utc


def test_a_watermark_key_survives_its_file(tmp_path: Path) -> None:
    key = WatermarkKey.generate()
    (tmp_path / "mark.key").write_text(key.to_text())
    assert KeyRing.load(tmp_path / "mark.key").current == key
    assert key.secret.hex() not in repr(key)
    assert key.key_id not in key.to_text()


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "ü" * 64])
def test_a_broken_watermark_key_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "mark.key").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        KeyRing.load(tmp_path / "mark.key")
    assert caught.value.code == "key-unreadable"


def test_each_process_holds_the_keys_of_its_own_role_and_no_others(tmp_path: Path) -> None:
    paths = development_keys(tmp_path)

    held = {
        process: {path.name for path in paths.of_process(process).iterdir()} - {MARK}
        for process in PROCESS_FILES
    }

    assert held["web"] == {
        *("permit.pem", "receipt.pem", "status.pem", "watermark.key", "subjects.key")
    }
    assert held["seal"] == {
        "release_chain.pem",
        "release_key.pem",
        "evidence_chain.pem",
        "evidence_key.pem",
        "watermark.key",
        "subjects.key",
    }
    shared = {"watermark.key", "subjects.key"}  # they sign nothing
    private = [name for names in held.values() for name in names if name not in shared]
    assert len(private) == len(set(private)), "a signing key is in two processes"
    for process in PROCESS_FILES:
        folder = paths.of_process(process)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / MARK).is_file()
    assert (paths.keys / MARK).is_file()

"""Consent receipts: every version is read, one meaning only, and each check fails by its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.__main__ import main
from compliance.canonical import digest
from compliance.development import DevelopmentKeys
from compliance.receipt import (
    BiometricTerms,
    ReceiptInvalid,
    biometric_statement,
    receipt_statement,
    write_biometric,
    write_record,
)
from compliance.receipt.biometric import read_biometric
from compliance.receipt.checks import ReceiptCase, receipt_verify
from compliance.receipt.policy import WORLD
from compliance.receipt.reader import read_record, read_statement
from compliance.receipt.terms import VOICE
from compliance.signing import KeyRole
from compliance.verify.report import Outcome
from tests.unit.compliance.productions import (
    CONSENT_ID,
    NOW,
    Inputs,
    make_receipt,
    make_record,
    make_terms,
    signer_of,
)

NAMES = [
    *("readable", "signature", "digest", "format", "parties", "scope", "term", "withdrawal"),
]
Record = dict[str, Any]


def receipt_file(folder: Path, receipt: str, **shown: Any) -> Path:
    """The file a person downloads."""
    path = folder / "consent.json"
    path.write_text(json.dumps({**shown, "receipt": receipt}))
    return path


def outcomes(
    path: Path, keys: DevelopmentKeys | None, days: int = 0
) -> tuple[dict[str, Outcome], int]:
    trust = keys.trust if keys else None
    report = receipt_verify(ReceiptCase(path, trust, NOW + timedelta(days=days)))
    assert [check.name for check in report.checks] == NAMES
    return {check.name: check.outcome for check in report.checks}, report.exit_status


def failed(path: Path, keys: DevelopmentKeys, days: int = 0) -> list[str]:
    found, _ = outcomes(path, keys, days)
    return [name for name, outcome in found.items() if outcome is Outcome.FAIL]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_receipt_of_every_version_verifies(
    version: int, keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    record = make_record(inputs, version)
    shown = {"consent_id": CONSENT_ID, "record": record, "record_digest": digest(record)}
    path = receipt_file(tmp_path, make_receipt(keys, record), **shown)

    assert outcomes(path, keys) == (dict.fromkeys(NAMES, Outcome.PASS), 0)


def test_the_bare_statement_is_a_receipt_too(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    path = tmp_path / "receipt.jws"
    path.write_text(make_receipt(keys, make_record(inputs, 3)) + "\n")

    assert outcomes(path, keys)[1] == 0


def test_all_versions_say_the_same(inputs: Inputs) -> None:
    first, *later = (read_record(make_record(inputs, version)) for version in (1, 2, 3))

    for terms in later:
        assert terms == make_terms(inputs)
        for field in ("purposes", "channels", "territories", "languages", "permitted_changes"):
            assert getattr(first, field) == getattr(terms, field)
        assert (first.starts, first.ends) == (terms.starts, terms.ends)


def test_the_receipt_of_a_voice_says_that_it_is_about_a_voice(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = {"target": VOICE, "target_sha256": inputs.voice.sha256}
    changes = {"permitted_changes": ("synthetic_speech",)}
    path = receipt_file(tmp_path, make_receipt(keys, make_record(inputs, 3, **voice, **changes)))

    assert outcomes(path, keys) == (dict.fromkeys(NAMES, Outcome.PASS), 0)
    main(["receipt", "verify", str(path), "--trust", str(keys.trust), "--at", NOW.isoformat()])
    assert f"voice sample {inputs.voice.sha256[:16]}" in capsys.readouterr().out


def test_a_record_of_something_that_is_neither_likeness_nor_voice_is_refused(
    inputs: Inputs,
) -> None:
    record = make_record(inputs, 3)
    record["pii_information"]["kind"] = "fingerprint"

    with pytest.raises(ReceiptInvalid):
        read_record(record)


@pytest.mark.parametrize(
    "changes",
    [
        {"permitted_changes": ()},
        {"permitted_changes": ("background", "clothing", "expression")},
        {"territories": (WORLD,)},
        {"supersedes": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0009"},
    ],
)
def test_what_was_written_is_read_again(inputs: Inputs, changes: dict[str, Any]) -> None:
    terms = make_terms(inputs, **changes)

    assert read_record(write_record(terms)) == terms


def test_what_is_not_permitted_is_prohibited(inputs: Inputs) -> None:
    prohibition = write_record(make_terms(inputs))["policy"]["prohibition"]

    constraints = [constraint for rule in prohibition for constraint in rule["constraint"]]
    assert {each["leftOperand"] for each in constraints} == {
        *("odrl:purpose", "odrl:deliveryChannel", "odrl:spatial", "odrl:language"),
        "rakkan:change",
    }
    assert all(each["operator"] == "odrl:isNoneOf" for each in constraints)


def test_no_permitted_change_prohibits_every_change(inputs: Inputs) -> None:
    policy = write_record(make_terms(inputs, permitted_changes=()))["policy"]

    assert policy["prohibition"][-1] == {"action": "odrl:modify"}
    assert all(rule["action"] != "odrl:modify" for rule in policy["permission"])


def test_the_context_stands_in_the_record_and_names_every_prefix(inputs: Inputs) -> None:
    record = write_record(make_terms(inputs))

    prefixes = {key for key, value in record["@context"].items() if isinstance(value, str)}
    assert {"dct", "dpv", "odrl", "xsd"} <= prefixes
    assert not any(str(value).startswith("http") for value in _values(record["policy"]))


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for each in value.values() for inner in _values(each)]
    if isinstance(value, list):
        return [inner for each in value for inner in _values(each)]
    return [value]


def _set(path: str, value: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        *parents, last = path.split(".")
        inner: Any = record
        for name in parents:
            inner = inner[int(name)] if name.isdigit() else inner[name]
        inner[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("purposes", ["marketing"]),
        _set("policy.permission.0.constraint.0.rightOperand", ["marketing"]),
        _set("policy.permission.0.constraint.1.rightOperand", "intranet"),
        _set("policy.prohibition", []),
        _set("policy.conflict", "odrl:perm"),
        _set("policy.permission.0.constraint.5.rightOperand.@value", "2036-01-01T00:00:00+00:00"),
        _set("@context.purposes", "rakkan:nothing"),
        _set("also", "whatever else"),
        _set("validity", None),
        _set("pii_principal", "mailto:somebody@example.com"),
        _set("schema_version", "rakkan-consent/9"),
    ],
)
def test_a_record_that_says_two_things_is_refused_though_it_is_signed(
    change: Callable[[Record], None], keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    record = deepcopy(write_record(make_terms(inputs)))
    change(record)
    path = receipt_file(tmp_path, make_receipt(keys, record))

    assert failed(path, keys) == ["format"]
    assert outcomes(path, keys)[1] == 1


def test_a_receipt_for_another_version_or_consent_is_refused(inputs: Inputs) -> None:
    statement = receipt_statement(make_record(inputs, 3))

    for change in ({"format": "rakkan-consent-receipt/1"}, {"consent_id": "another"}):
        with pytest.raises(ReceiptInvalid):
            read_statement(statement | change)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"purposes": ()}, "scope"),
        ({"ai_label": ""}, "scope"),
        ({"controller": ""}, "parties"),
        ({"identity": {}}, "parties"),
        ({"withdrawal": ""}, "withdrawal"),
        ({"valid_until": (NOW - timedelta(days=2)).isoformat()}, "term"),
        ({"valid_from": "yesterday"}, "term"),
        ({"valid_from": "2026-11-01T00:00:00"}, "term"),
    ],
)
def test_a_signed_record_that_is_no_consent_fails_by_name(
    changes: dict[str, Any],
    name: str,
    keys: DevelopmentKeys,
    inputs: Inputs,
    tmp_path: Path,
) -> None:
    record = write_record(make_terms(inputs, **changes))

    assert failed(receipt_file(tmp_path, make_receipt(keys, record)), keys) == [name]


@pytest.mark.parametrize(("days", "names"), [(-2, ["term"]), (0, []), (31, ["term"])])
def test_the_term_is_asked_at_a_moment(
    days: int, names: list[str], keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    path = receipt_file(tmp_path, make_receipt(keys, make_record(inputs, 3)))

    assert failed(path, keys, days) == names


def test_another_signer_is_not_believed_and_nothing_else_is_judged(
    keys: DevelopmentKeys, other_keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    path = receipt_file(tmp_path, make_receipt(other_keys, make_record(inputs, 3)))

    found, status = outcomes(path, keys)

    assert found["signature"] is Outcome.FAIL
    assert {found[name] for name in NAMES[2:]} == {Outcome.NOT_MADE}
    assert status == 1


def test_a_permit_key_signs_no_receipts(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    statement = receipt_statement(make_record(inputs, 3))
    path = receipt_file(tmp_path, signer_of(keys, KeyRole.PERMIT).sign(statement))

    assert failed(path, keys) == ["signature"]


def test_a_file_that_shows_something_else_than_was_signed_fails(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    record = make_record(inputs, 3)
    shown = deepcopy(record) | {"ai_label": "Nothing to see"}

    assert failed(receipt_file(tmp_path, make_receipt(keys, record), record=shown), keys) == [
        "digest"
    ]


def test_a_wrong_digest_fails_though_it_is_signed(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    statement = receipt_statement(make_record(inputs, 3)) | {"record_digest": "00" * 32}
    path = receipt_file(tmp_path, signer_of(keys, KeyRole.RECEIPT).sign(statement))

    assert failed(path, keys) == ["digest"]


def test_without_trust_nothing_is_claimed(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    path = receipt_file(tmp_path, make_receipt(keys, make_record(inputs, 3)))

    found, status = outcomes(path, None)

    assert found["readable"] is Outcome.PASS
    assert {found[name] for name in NAMES[1:]} == {Outcome.NOT_MADE}
    assert status == 3


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"receipt": 1}', b"hello"])
def test_what_is_no_receipt_is_not_readable(
    content: bytes, keys: DevelopmentKeys, tmp_path: Path
) -> None:
    path = tmp_path / "receipt"
    path.write_bytes(content)

    assert outcomes(path, keys)[1] == 2
    assert outcomes(tmp_path / "missing", keys)[1] == 2


BIOMETRIC = BiometricTerms(
    consent_id=CONSENT_ID,
    principal="0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0003",
    controller="Example Co.",
    controller_id="0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0004",
    granted_by="0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0006",
    granted_at=NOW.isoformat(),
    valid_from=NOW.isoformat(),
    valid_until=(NOW + timedelta(days=30)).isoformat(),
    destroy_by=(NOW + timedelta(days=30)).isoformat(),
    withdrawal="at any time",
)


def biometric_file(keys: DevelopmentKeys, folder: Path, record: Record) -> Path:
    token = signer_of(keys, KeyRole.RECEIPT).sign(biometric_statement(record))
    return receipt_file(folder, token)


def test_a_consent_to_biometric_matching_verifies_by_the_same_checks(
    keys: DevelopmentKeys, tmp_path: Path
) -> None:
    record = write_biometric(BIOMETRIC)

    assert read_biometric(record) == BIOMETRIC
    path = biometric_file(keys, tmp_path, record)
    assert outcomes(path, keys) == (dict.fromkeys(NAMES, Outcome.PASS), 0)
    assert failed(path, keys, 31) == ["term"]


@pytest.mark.parametrize(
    "change",
    [
        _set("purposes", ["dpv:IdentityVerification", "dpv:Marketing"]),
        _set("pii_information.compared", ["face", "voice", "gait"]),
        _set("validity", None),
        _set("event", None),
        _set("also", "whatever else"),
    ],
)
def test_biometric_matching_is_for_one_purpose_and_says_so_in_one_way(
    change: Callable[[Record], None], keys: DevelopmentKeys, tmp_path: Path
) -> None:
    record = deepcopy(write_biometric(BIOMETRIC))
    change(record)

    assert failed(biometric_file(keys, tmp_path, record), keys) == ["format"]


@pytest.mark.parametrize("changes", [{"destroy_by": 2031}, {"destroy_by": "soon"}])
def test_a_date_that_is_none_fails_by_name(
    changes: Record, keys: DevelopmentKeys, tmp_path: Path
) -> None:
    record = write_biometric(replace(BIOMETRIC, **changes))

    assert failed(biometric_file(keys, tmp_path, record), keys) == ["scope"]


def test_templates_may_not_have_to_go_before_the_term_ends(
    keys: DevelopmentKeys, tmp_path: Path
) -> None:
    record = write_biometric(replace(BIOMETRIC, destroy_by=NOW.isoformat()))

    assert failed(biometric_file(keys, tmp_path, record), keys) == ["scope"]


def test_the_command_reports_for_people_and_programs(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = receipt_file(tmp_path, make_receipt(keys, make_record(inputs, 3)))
    command = ["receipt", "verify", str(path), "--trust", str(keys.trust)]

    assert main([*command, "--at", NOW.isoformat()]) == 0
    assert "Whether it was withdrawn since" in capsys.readouterr().out
    assert main([*command, "--at", "2031-01-01", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in report["checks"]] == NAMES
    assert report["checks"][6]["outcome"] == "fail"


def test_it_works_without_the_platform_and_without_network(
    keys: DevelopmentKeys, inputs: Inputs, tmp_path: Path
) -> None:
    path = receipt_file(tmp_path, make_receipt(keys, make_record(inputs, 3)))
    program = (
        "import socket, sys\n"
        "def refuse(*_a, **_k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from compliance.__main__ import main\n"
        "status = main(sys.argv[1:])\n"
        "assert not {'django', 'torch', 'celery'} & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    command = [sys.executable, "-c", program, "receipt", "verify", str(path)]
    root = Path(__file__).resolve().parents[3]
    result = subprocess.run(
        [*command, "--trust", str(keys.trust), "--at", NOW.isoformat()],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr

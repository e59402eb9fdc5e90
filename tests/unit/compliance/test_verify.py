"""The verifier: each check fails for its own reason, and the exit status says what that means."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import compliance
from compliance.__main__ import main
from compliance.canonical import file_sha256
from compliance.development import DevelopmentKeys
from compliance.provenance import Signer, sign_file
from compliance.signing import KeyRole, StatementSigner
from compliance.verify.case import Case, TrustBundle
from compliance.verify.report import Outcome, Report
from compliance.verify.runner import verify_file
from compliance.verify.verdict import Verdict
from compliance.watermark import KeyRing, WatermarkKey
from tests.unit.compliance.productions import (
    ASSET,
    NOW,
    Inputs,
    Paper,
    make_evidence,
    make_facts,
    make_paper,
    make_permit,
    make_spec,
    make_video,
)

NAMES = [
    *("readable", "manifest", "disclosure", "watermark", "file", "request"),
    *("consent", "approvals", "permit", "gate", "log", "status", "audiomark"),
    "label",
]
RELEASED = {"asset_id": ASSET, "status": "released", "consent": "live"}
Evidence = dict[str, Any]


@dataclass
class Publisher:
    """A status service on the loopback interface."""

    url: str
    code: int
    answer: Any
    signer: StatementSigner
    good_for: timedelta | None = timedelta(minutes=5)  # None: it does not sign

    def said(self) -> Any:
        """The answer, signed if it is one."""
        if self.good_for is None or not isinstance(self.answer, dict):
            return self.answer
        until = {"expires_at": (datetime.now(UTC) + self.good_for).isoformat()}
        return self.answer | {"statement": self.signer.sign(self.answer | until)}


@pytest.fixture(scope="module")
def service(keys: DevelopmentKeys) -> Iterator[Publisher]:
    signer = StatementSigner.load(KeyRole.STATUS, keys.statement_key(KeyRole.STATUS))
    publisher = Publisher("", 200, RELEASED, signer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Status, publisher))
    publisher.url = f"http://127.0.0.1:{server.server_port}/status/{ASSET}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield publisher
    server.shutdown()
    server.server_close()


class _Status(BaseHTTPRequestHandler):
    def __init__(self, publisher: Publisher, *arguments: Any) -> None:
        self._publisher = publisher
        super().__init__(*arguments)

    def do_GET(self) -> None:
        body = json.dumps(self._publisher.said()).encode()
        self.send_response(self._publisher.code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def publisher(service: Publisher) -> Publisher:
    service.code, service.answer, service.good_for = 200, RELEASED, timedelta(minutes=5)
    return service


@pytest.fixture(scope="module")
def paper(keys: DevelopmentKeys, inputs: Inputs) -> Paper:
    return make_paper(keys, inputs)


@pytest.fixture(scope="module")
def release(
    video: Path,
    paper: Paper,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    service: Publisher,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("release") / "release.mp4"
    sign_file(video, path, paper.facts(inputs, service.url), signer, tsa_url)
    return path


@pytest.fixture(scope="module")
def case(release: Path, paper: Paper, keys: DevelopmentKeys, service: Publisher) -> Case:
    return Case(
        release,
        make_evidence(paper, release),
        TrustBundle.load(keys.trust),
        KeyRing.load(keys.watermark_key).current,
    )


@pytest.fixture
def evidence(case: Case) -> Evidence:
    """A copy of the evidence to change."""
    return deepcopy(case.evidence or {})


def _ended(report: Report, outcome: Outcome) -> list[str]:
    return [check.name for check in report.checks if check.outcome is outcome]


def _failed(case: Case) -> list[str]:
    report = verify_file(case)
    assert report.exit_status == 1
    return _ended(report, Outcome.FAIL)


def _detail(report: Report, name: str) -> str:
    return next(check.detail for check in report.checks if check.name == name)


# 0: all hold --------------------------------------------------------------------------------


def test_a_status_that_is_unsigned_or_old_is_not_believed(case: Case, publisher: Publisher) -> None:
    for good_for in (None, timedelta(minutes=-1)):
        publisher.good_for = good_for
        assert _failed(case) == ["status"]


def test_a_true_release_is_ours_and_unchanged(case: Case, publisher: Publisher) -> None:
    assert verify_file(case).verdict is Verdict.UNCHANGED
    publisher.answer = RELEASED | {"consent": "withdrawn"}
    assert verify_file(case).verdict is Verdict.WITHDRAWN


def test_a_true_release_passes_every_check(case: Case, publisher: Publisher) -> None:
    report = verify_file(case)
    assert [(c.number, c.name) for c in report.checks] == list(enumerate(NAMES, start=1))
    assert _ended(report, Outcome.PASS) == NAMES
    assert report.exit_status == 0
    assert report.sha256 == file_sha256(case.path)
    assert ASSET in _detail(report, "watermark")
    assert "1 not in the log yet" in _detail(report, "log")


# 2: not readable ----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_video_is_not_readable_and_nothing_else_is_said(
    content: bytes | None, case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    report = verify_file(replace(case, path=path))
    assert report.exit_status == 2
    assert _ended(report, Outcome.FAIL) == ["readable"]
    assert _ended(report, Outcome.NOT_MADE) == NAMES[1:]


# 3: nothing failed, but a check could not be made -------------------------------------------


def test_without_key_evidence_and_network_the_manifest_still_counts(case: Case) -> None:
    report = verify_file(Case(case.path, trust=case.trust, offline=True))
    assert report.exit_status == 3
    assert _ended(report, Outcome.PASS) == ["readable", "manifest", "disclosure", "label"]
    assert _ended(report, Outcome.FAIL) == []


def test_without_a_trust_folder_nothing_signed_is_believed(case: Case) -> None:
    report = verify_file(replace(case, trust=None))
    assert report.exit_status == 3
    assert _ended(report, Outcome.FAIL) == []
    unmade = {"manifest", "disclosure", "watermark", "consent", "permit", "status"}
    assert unmade <= set(_ended(report, Outcome.NOT_MADE))


def test_offline_leaves_the_status_open(case: Case) -> None:
    report = verify_file(replace(case, offline=True))
    assert (report.exit_status, _ended(report, Outcome.NOT_MADE)) == (3, ["status"])


@pytest.mark.parametrize(("code", "answer"), [(500, {}), (200, "released"), (403, RELEASED)])
def test_a_publisher_who_gives_no_answer_leaves_the_status_open(
    code: int, answer: Any, case: Case, publisher: Publisher
) -> None:
    publisher.code, publisher.answer = code, answer
    report = verify_file(case)
    assert (report.exit_status, _ended(report, Outcome.NOT_MADE)) == (3, ["status"])


def test_a_publisher_who_is_gone_leaves_the_status_open(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"  # its manifest names port 9, where nobody answers
    sign_file(video, path, make_facts(inputs), signer, tsa_url)
    report = verify_file(replace(case, path=path, evidence=None))
    assert _ended(report, Outcome.FAIL) == []
    assert "does not answer" in _detail(report, "status")


def test_a_trust_folder_without_statement_keys_leaves_their_checks_open(
    case: Case, keys: DevelopmentKeys, publisher: Publisher, tmp_path: Path
) -> None:
    for name in ("root.pem", "tsa_root.pem"):
        (tmp_path / name).write_bytes((keys.trust / name).read_bytes())
    report = verify_file(replace(case, trust=TrustBundle.load(tmp_path)))
    assert report.exit_status == 3
    assert _ended(report, Outcome.NOT_MADE) == ["consent", "approvals", "permit"]


# 1: something does not hold -----------------------------------------------------------------


def test_a_changed_byte_fails_manifest_and_file(case: Case, tmp_path: Path) -> None:
    data = bytearray(case.path.read_bytes())
    data[-1] ^= 1  # in the last coded frame or behind: the video still decodes
    (tmp_path / "a.mp4").write_bytes(data)
    assert {"manifest", "file"} <= set(_failed(replace(case, path=tmp_path / "a.mp4")))


def test_a_box_appended_fails_only_the_whole_file_digest(
    case: Case, publisher: Publisher, tmp_path: Path
) -> None:
    """The C2PA hash leaves out ``free`` boxes: such a file is still Trusted."""
    box = (8 + 16).to_bytes(4, "big") + b"free" + b"hidden message.."
    (tmp_path / "a.mp4").write_bytes(case.path.read_bytes() + box)
    assert _failed(replace(case, path=tmp_path / "a.mp4")) == ["file"]


def test_a_file_without_manifest_fails(case: Case, video: Path) -> None:
    assert _failed(replace(case, path=video)) == ["manifest", "file"]


def test_a_strangers_signature_fails(case: Case, other_keys: DevelopmentKeys) -> None:
    failed = _failed(replace(case, trust=TrustBundle.load(other_keys.trust)))
    assert failed == ["manifest"]


def test_another_watermark_key_finds_no_mark(case: Case, publisher: Publisher) -> None:
    assert _failed(replace(case, watermark_key=WatermarkKey(bytes(32)))) == [
        "watermark",
        "audiomark",
    ]


def test_the_mark_of_another_asset_fails(
    case: Case,
    paper: Paper,
    keys: DevelopmentKeys,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    other = make_video(tmp_path / "other.mp4", keys.watermark_key, "00000000000000aa")
    facts = paper.facts(inputs, publisher.url)
    sign_file(other, tmp_path / "a.mp4", facts, signer, tsa_url)
    changed = replace(
        case, path=tmp_path / "a.mp4", evidence=make_evidence(paper, tmp_path / "a.mp4")
    )
    assert _failed(changed) == ["watermark", "audiomark"]
    assert "00000000000000aa" in _detail(verify_file(changed), "watermark")


def test_a_file_without_its_label_fails(
    case: Case,
    paper: Paper,
    keys: DevelopmentKeys,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    bare = make_video(tmp_path / "bare.mp4", keys.watermark_key, ASSET, labelled=False)
    sign_file(bare, tmp_path / "a.mp4", paper.facts(inputs, publisher.url), signer, tsa_url)
    changed = replace(
        case, path=tmp_path / "a.mp4", evidence=make_evidence(paper, tmp_path / "a.mp4")
    )

    assert _failed(changed) == ["label"]
    assert "Label missing" in _detail(verify_file(changed), "label")


def test_a_file_older_than_labels_says_that_nobody_can_look_for_one(
    case: Case,
    paper: Paper,
    keys: DevelopmentKeys,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    bare = make_video(tmp_path / "bare.mp4", keys.watermark_key, ASSET, labelled=False)
    facts = replace(paper.facts(inputs, publisher.url), label=None, label_place=None)
    sign_file(bare, tmp_path / "a.mp4", facts, signer, tsa_url)

    report = verify_file(replace(case, path=tmp_path / "a.mp4"))

    (check,) = [check for check in report.checks if check.name == "label"]
    assert check.outcome is Outcome.NOT_MADE
    assert "names no visible label" in check.detail


def _set(path: str, value: Any) -> Callable[[Evidence], None]:
    def change(evidence: Evidence) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        target: Any = evidence
        for part in parents:
            target = target[part]
        target[last] = value

    return change


LATER = (NOW + timedelta(days=1)).isoformat()
EARLIER = (NOW - timedelta(minutes=10)).isoformat()
NEXT_YEAR = (NOW + timedelta(days=400)).isoformat()


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (_set("format", "rakkan-evidence/9"), NAMES[4:11]),
        (_set("request.purpose", "marketing"), ["request", "consent"]),
        (_set("request.spec.prompt", "angry"), ["request", "permit"]),
        (_set("request.requester", "someone"), ["request", "approvals"]),
        (_set("request.production", "another"), ["request", "approvals", "permit", "log"]),
        (_set("release.file_sha256", "00" * 32), ["file", "log"]),
        (_set("release.asset_id", "00000000000000aa"), ["file"]),
        (_set("release.released_at", NEXT_YEAR), ["consent"]),
        (_set("release.released_at", LATER), ["consent"]),
        (_set("release.released_at", EARLIER), ["consent"]),
        (_set("approvals", []), ["approvals"]),
        (_set("approvals.0.approver", "requester"), ["approvals"]),
        (_set("approvals.0.decision", "reject"), ["approvals"]),
        (_set("approvals.0.request_digest", "00" * 32), ["approvals"]),
        (_set("approvals.0.decided_at", LATER), ["approvals", "permit"]),
        (_set("requester", "approver"), ["approvals"]),
        (_set("consent.receipt", "no.such.receipt"), ["consent"]),
        (_set("permit", "no.such.permit"), ["permit"]),
        (_set("result.engine", "other"), ["permit"]),
        (_set("gate.checks", []), ["gate"]),
        (_set("gate.checks.0.outcome", "fail"), ["gate"]),
        (_set("events", []), ["approvals", "log"]),
        (_set("events.1.event.name", "productions.production.cancelled"), ["log"]),
        (_set("events.1.event.id", "9"), ["log"]),
        (_set("events.1.sequence", 0), ["log"]),
        (_set("release", None), ["file", "consent", "log"]),
        (_set("request", None), ["request", "consent", "approvals", "permit", "log"]),
        (_set("approvals", "all of them"), ["approvals", "permit"]),
    ],
)
def test_changed_evidence_fails_the_checks_it_touches(
    change: Callable[[Evidence], None],
    failed: list[str],
    case: Case,
    evidence: Evidence,
    publisher: Publisher,
) -> None:
    change(evidence)
    assert _failed(replace(case, evidence=evidence)) == failed


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "marketing"},
        {"channels": ["intranet", "broadcast"]},
        {"channels": []},
        {"territories": ["US"]},
        {"language": "de"},
        {"permitted_changes": ["clothing"]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_the_person_did_not_allow_fails_though_the_publisher_signed_it_all(
    changes: Evidence,
    case: Case,
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: Signer,
    tsa_url: str,
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    if not {"purpose", "channels", "territories"} & set(changes):
        changes = {"spec": make_spec(inputs).to_dict() | changes}
    paper, path = make_paper(keys, inputs, **changes), tmp_path / "a.mp4"
    sign_file(video, path, paper.facts(inputs, publisher.url), signer, tsa_url)
    assert _failed(replace(case, path=path, evidence=make_evidence(paper, path))) == ["consent"]


@pytest.mark.parametrize("version", [1, 2])
def test_a_consent_record_of_every_version_still_verifies(
    version: int,
    case: Case,
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: Signer,
    tsa_url: str,
    publisher: Publisher,
    tmp_path: Path,
) -> None:
    paper, path = make_paper(keys, inputs, version=version), tmp_path / "a.mp4"
    sign_file(video, path, paper.facts(inputs, publisher.url), signer, tsa_url)
    case = replace(case, path=path, evidence=make_evidence(paper, path))
    assert verify_file(case).exit_status == 0


def test_a_permit_for_something_else_fails_though_it_is_signed(
    case: Case, keys: DevelopmentKeys, inputs: Inputs, evidence: Evidence, publisher: Publisher
) -> None:
    spec, request = make_spec(inputs), evidence["request_digest"]
    for permit in (
        make_permit(keys, spec, "00" * 32),
        make_permit(keys, replace(spec, seed=7), request),
        make_permit(keys, spec, request, asset_id="00000000000000aa"),
        make_permit(keys, spec, request, permit_id="another"),
        make_permit(keys, spec, request, issued_at=NOW - timedelta(hours=1)),
    ):
        evidence["permit"] = permit
        assert _failed(replace(case, evidence=evidence)) == ["permit"]


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (200, RELEASED | {"status": "revoked"}),
        (200, RELEASED | {"status": "held"}),
        (200, RELEASED | {"consent": "withdrawn"}),
        (200, RELEASED | {"consent": "expired"}),
        (200, RELEASED | {"asset_id": "00000000000000aa"}),
        (404, {}),
    ],
)
def test_a_publisher_who_says_no_fails(
    code: int, answer: Any, case: Case, publisher: Publisher
) -> None:
    publisher.code, publisher.answer = code, answer
    assert _failed(case) == ["status"]


# The command --------------------------------------------------------------------------------


@pytest.fixture
def folder(case: Case, evidence: Evidence, tmp_path: Path) -> Path:
    """A release with its evidence beside it."""
    (tmp_path / "a.mp4").write_bytes(case.path.read_bytes())
    (tmp_path / "a.evidence.json").write_text(json.dumps(evidence))
    return tmp_path


def _options(keys: DevelopmentKeys) -> list[str]:
    return ["--trust", str(keys.trust), "--watermark-key", str(keys.watermark_key)]


def test_the_command_finds_the_evidence_and_prints_numbered_lines(
    folder: Path,
    keys: DevelopmentKeys,
    publisher: Publisher,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", str(folder / "a.mp4"), *_options(keys)]) == 0
    printed = capsys.readouterr().out
    for number, name in enumerate(NAMES, start=1):
        assert f"{number:>3}  pass      {name}" in printed
    assert "All checks hold." in printed


def test_the_command_takes_its_keys_from_the_environment(
    folder: Path,
    keys: DevelopmentKeys,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RAKKAN_TRUST", str(keys.trust))
    monkeypatch.setenv("RAKKAN_WATERMARK_KEY", str(keys.watermark_key))
    assert main(["verify", str(folder / "a.mp4"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["format"] == "rakkan-verification/1"
    assert report["exit_status"] == 0
    assert [check["outcome"] for check in report["checks"]] == ["pass"] * 14


def test_the_command_finds_the_development_trust_folder(
    folder: Path,
    keys: DevelopmentKeys,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("RAKKAN_TRUST", "RAKKAN_WATERMARK_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    assert main(["verify", "a.mp4", "--offline"]) == 3
    assert "No trust folder" in capsys.readouterr().out
    (folder / ".rakkan").mkdir()
    (folder / ".rakkan" / "trust").symlink_to(keys.trust)
    assert main(["verify", "a.mp4", "--offline"]) == 3
    assert "No trust folder" not in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--trust", "--watermark-key", "--evidence"])
def test_something_named_that_is_not_there_is_an_error_of_its_own(
    option: str, folder: Path, keys: DevelopmentKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["verify", str(folder / "a.mp4"), *_options(keys), option, str(folder / "none")]
    assert main(command) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "none" in told.err


def test_evidence_that_is_not_json_is_an_error(
    folder: Path, keys: DevelopmentKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in ("not json", "[]", "", "[" * 200_000, '{"a":' * 200_000):
        (folder / "a.evidence.json").write_text(content)
        assert main(["verify", str(folder / "a.mp4"), *_options(keys)]) == 2
        assert "evidence" in capsys.readouterr().err


def test_the_program_exits_with_the_status_and_loads_nothing_heavy(
    folder: Path, keys: DevelopmentKeys
) -> None:
    heavy = ("torch", "django", "celery", "diffusers", "rest_framework", "imwatermark")
    script = (
        "import sys; from compliance.__main__ import main; status = main(sys.argv[1:]);"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    root = Path(compliance.__file__).parents[1]
    command = [sys.executable, "-c", script, "verify", str(folder / "a.mp4"), "--offline"]
    ended = subprocess.run(
        command + _options(keys), cwd=root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.strip()) == (3, "[]")
    command = [sys.executable, "-m", "compliance", "verify", str(folder / "none.mp4")]
    assert subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 2

"""``python -m compliance log`` as an auditor types it: options, output, exit status."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from compliance.__main__ import main
from compliance.ledger import (
    Checkpoint,
    FolderStore,
    LogProof,
    VerifiedTiles,
    consistency_proof,
    parse_note,
)
from tests.unit.compliance.logs import (
    BEGAN,
    LOG,
    STRANGER,
    WITNESS,
    checkpoint,
    event,
    events,
    export,
    zipped,
)

EVENTS = events(400)
SEEN = int((BEGAN + timedelta(seconds=400)).timestamp())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, its zip, two checkpoints, keys and a proof between the two."""
    folder = tmp_path_factory.mktemp("auditor")
    export(folder / "export", EVENTS, checkpoint(EVENTS, cosigned=SEEN))
    zipped(folder / "export")
    (folder / "old").write_bytes(checkpoint(EVENTS[:123], cosigned=SEEN))
    (folder / "new").write_bytes(checkpoint(EVENTS, cosigned=SEEN))
    forked = [*EVENTS[:50], event(50, name="other.event.here"), *EVENTS[51:]]
    (folder / "forked").write_bytes(checkpoint(forked))
    (folder / "strange").write_bytes(checkpoint(EVENTS, STRANGER))
    (folder / "log.vkey").write_text(f"# the log's key\n{LOG.key.text}\n")
    (folder / "witnesses").write_text(f"{WITNESS.key.text}\n\n")
    (folder / "proof").write_text(_consistency(folder / "export", 123))
    return folder


def _consistency(folder: Path, old: int) -> str:
    store = FolderStore(folder)
    stated = Checkpoint.parse(parse_note(store.read("checkpoint") or b"").text)
    path = consistency_proof(VerifiedTiles(store.read, stated.size, stated.root), old)
    return "".join(f"{base64.b64encode(value).decode()}\n" for value in path)


@pytest.fixture(autouse=True)
def _beside_the_files(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    monkeypatch.delenv("RAKKAN_TRUST", raising=False)


def _run(*arguments: str, key: bool = True) -> int:
    return main(["log", *arguments, *(["--key", "log.vkey"] if key else [])])


def test_an_export_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("export", "export.zip"):
        assert _run("verify", path, "--witness", "witnesses", "--old", "old") == 0
        printed = capsys.readouterr().out
        assert "All 400 events of the log." in printed
        assert "witness.example/w at 2026-11-23T00:06:40+00:00" in printed
        assert "The log grew from 123 to 400" in printed
        assert printed.endswith("All checks hold.\n")


def test_an_export_is_checked_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("verify", "export", "--old", "forked", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["exit_status"] == 1
    assert [(c["name"], c["outcome"]) for c in report["checks"]][-1] == ("earlier", "fail")


def test_the_key_is_named_or_lies_in_the_trust_folder(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("verify", "export", key=False) == 2
    assert "There is no .rakkan/trust/log.vkey" in capsys.readouterr().err
    assert _run("verify", "export", "--trust", str(made), key=False) == 0
    monkeypatch.setenv("RAKKAN_TRUST", str(made))
    assert _run("verify", "export", key=False) == 0
    assert _run("verify", "export", "--key", LOG.key.text, key=False) == 0
    assert _run("verify", "export", "--key", STRANGER.key.text, key=False) == 1
    assert _run("verify", "export", "--origin", "another.example") == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--witness", LOG.key.text],
        ["--witness", "nowhere"],
        ["--witness", "name+00000000+AAAA"],
        ["--witness", WITNESS.key.text, "--witness", "witnesses"],
        ["--witness", "witnesses", "--quorum", "2"],
        ["--quorum", "1"],
        ["--quorum", "-1"],
        ["--old", "nowhere"],
        ["--witness", "x" * 5000],
        ["--key", "export/events.jsonl"],
    ],
)
def test_options_that_cannot_be_used_are_said(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("verify", "export", *options) == 2
    assert capsys.readouterr().err.strip()


@pytest.mark.parametrize("tolerance", ["-1", "nan", "1e3", "9" * 30, ""])
def test_a_tolerance_is_a_number_of_seconds(tolerance: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        _run("verify", "export", f"--tolerance={tolerance}")


def test_two_checkpoints_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    for between in (["--tiles", "export"], ["--tiles", "export.zip"], ["--proof", "proof"]):
        assert _run("consistency", "old", "new", *between) == 0
        assert "The log grew from 123 to 400" in capsys.readouterr().out
    assert _run("consistency", "new", "new") == 0
    assert _run("consistency", "old", "new", "--proof", "proof", "--witness", "witnesses") == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["new", "old", "--tiles", "export"], 1, "rolled back: it had 400 events and now has 123"),
        (["new", "forked"], 1, "rewritten or forked"),
        (["old", "forked", "--proof", "proof"], 1, "rewritten or forked"),
        (["old", "forked", "--tiles", "export"], 1, "do not make its root"),
        (["old", "new", "--proof", "old"], 1, "proof"),
        (["old", "new", "--proof", "nowhere"], 1, "cannot be read"),
        (["old", "new", "--proof", "log.vkey"], 1, "not base64"),
        (["old", "new"], 2, "needs --tiles or --proof"),
        (["old", "strange", "--proof", "proof"], 1, "strange: The pinned key"),
        (["strange", "new", "--proof", "proof"], 1, "strange: The pinned key"),
        (["old", "nowhere"], 2, "cannot be read"),
        (["log.vkey", "new"], 2, "not a signed note"),
        (["old", "forked", "--proof", "proof", "--witness", "witnesses"], 1, "of the needed 1"),
    ],
)
def test_checkpoints_that_do_not_fit_are_named(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("consistency", *arguments) == status
    assert said in capsys.readouterr().out


def test_a_proof_is_made_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for log in ("export", "export.zip"):
        out = tmp_path / "17.tlog-proof"
        assert main(["log", "prove", log, "17", "--output", str(out), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["index"] == 17
        assert LogProof.parse(out.read_bytes()).extra == EVENTS[17]
        assert _run("verify-proof", str(out), "--witness", WITNESS.key.text) == 0
        assert "Number 17 of 400." in capsys.readouterr().out


def test_a_proof_without_the_event_needs_it(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Path(shutil.copytree(made / "export", tmp_path / "log"))
    (log / "events.jsonl").unlink()
    out, entry = tmp_path / "proof", tmp_path / "event"
    assert main(["log", "prove", str(log), "17", "--output", str(out)]) == 0
    assert _run("verify-proof", str(out)) == 2
    assert "--event" in capsys.readouterr().out
    entry.write_bytes(EVENTS[17])
    assert _run("verify-proof", str(out), "--event", str(entry)) == 0
    assert main(["log", "prove", str(log), "17", "--output", str(out), "--event", str(entry)]) == 0
    assert _run("verify-proof", str(out)) == 0
    entry.write_bytes(EVENTS[18])
    assert _run("verify-proof", str(out), "--event", str(entry)) == 1
    assert main(["log", "prove", str(log), "17", "--output", str(out), "--event", str(entry)]) == 2


@pytest.mark.parametrize("index", ["400", "-1", str(1 << 70)])
def test_no_proof_is_made_of_what_is_not_there(
    index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "prove", "--", "export", index]) == 2
    assert capsys.readouterr().err.startswith("Leaf")
    assert main(["log", "prove", "nowhere", "1"]) == 2


def test_a_changed_proof_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "17.tlog-proof"
    assert main(["log", "prove", "export", "17", "--output", str(out)]) == 0
    proof = LogProof.parse(out.read_bytes())
    other = LogProof(18, proof.path, proof.checkpoint, proof.extra)
    swapped = LogProof(17, proof.path, proof.checkpoint, EVENTS[18])
    pretty = LogProof(17, proof.path, proof.checkpoint, b'{"a": 1}')
    rebased = LogProof(17, proof.path, checkpoint(EVENTS, STRANGER), proof.extra)
    wanted = [
        (other, "included"),
        (swapped, "included"),
        (pretty, "event"),
        (rebased, "checkpoint"),
    ]
    for changed, name in wanted:
        out.write_bytes(changed.encode())
        capsys.readouterr()
        assert _run("verify-proof", str(out), "--json") == 1
        checks = json.loads(capsys.readouterr().out)["checks"]
        assert name in [check["name"] for check in checks if check["outcome"] == "fail"]
    out.write_bytes(b"c2sp.org/tlog-proof@v1\n")
    assert _run("verify-proof", str(out)) == 2
    with out.open("wb") as stream:
        stream.truncate(1 << 30)
    assert _run("verify-proof", str(out)) == 2


def test_words_in_an_event_cannot_steer_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [event(0, name="\x1b[2J\u202eevil", object_id="\r" * 500)]
    path = export(tmp_path / "export", entries)
    out = tmp_path / "0.tlog-proof"
    assert main(["log", "prove", str(path), "0", "--output", str(out)]) == 0
    capsys.readouterr()
    assert _run("verify-proof", str(out)) == 0
    printed = capsys.readouterr().out
    assert printed.replace("\n", "").isprintable()
    assert printed.isascii()


def test_the_auditor_s_environment_is_enough(made: Path) -> None:
    """No setting, no server, no writable home: the module alone."""
    command = [sys.executable, "-W", "error", "-m", "compliance", "log", "verify", "export"]
    checkout = Path(__file__).parents[3]
    environment = {"PYTHONPATH": str(checkout), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [*command, "--key", "log.vkey"],
        capture_output=True, text=True, check=False, env=environment, cwd=made,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")

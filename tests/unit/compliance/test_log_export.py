"""Exports of the log: honest ones are accepted, and every way to tamper with one is named.

What is tampered with is a file of a real export of 700 events: three tiles, the last one partial.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from compliance.canonical import canonical_json
from compliance.ledger import GrowingTree, LogTrust, leaf_hash
from compliance.log.events import event_line
from compliance.log.export import ExportCase, export_verify
from compliance.verify.report import Outcome, Report
from tests.unit.compliance.logs import (
    BEGAN,
    LOG,
    STRANGER,
    WITNESS,
    checkpoint,
    event,
    events,
    export,
    grown,
    zipped,
)

SIZE = 700
EVENTS = events(SIZE)
TRUST = LogTrust((LOG.key,))
WITNESSED = LogTrust((LOG.key,), (WITNESS.key,), quorum=1)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("honest") / "export", EVENTS)


@pytest.fixture
def folder(honest: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(honest, tmp_path / "export"))


def _failed(report: Report) -> dict[str, str]:
    return {check.name: check.detail for check in report.checks if check.outcome is Outcome.FAIL}


def _verify(path: Path, **options: object) -> Report:
    return export_verify(replace(ExportCase(path, TRUST), **options))  # type: ignore[arg-type]


def _lines(folder: Path) -> list[bytes]:
    return (folder / "events.jsonl").read_bytes().splitlines(keepends=True)


def _write(folder: Path, lines: list[bytes]) -> None:
    (folder / "events.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513])
def test_an_honest_export_of_any_size_is_accepted(tmp_path: Path, size: int) -> None:
    report = _verify(export(tmp_path / "export", events(size)))
    assert report.exit_status == 0, report
    assert [check.name for check in report.checks] == [
        "readable", "checkpoint", "tree", "events", "times",
    ]  # fmt: skip


def test_a_zip_of_it_is_accepted_too(honest: Path, tmp_path: Path) -> None:
    path = zipped(Path(shutil.copytree(honest, tmp_path / "export")))
    assert _verify(path).exit_status == 0


def test_all_that_an_auditor_may_hold_is_asked_for(tmp_path: Path) -> None:
    seen = int((BEGAN + timedelta(seconds=SIZE)).timestamp())
    path = export(tmp_path / "export", EVENTS, checkpoint(EVENTS, cosigned=seen))
    report = _verify(path, trust=WITNESSED, old=checkpoint(EVENTS[:300]))
    assert report.exit_status == 0, report
    assert [check.name for check in report.checks][-2:] == ["witnesses", "earlier"]


def test_a_selection_is_accepted_when_it_is_asked_for(folder: Path) -> None:
    _write(folder, _lines(folder)[10:600:7])
    report = _verify(folder, whole=False)
    assert report.exit_status == 0
    assert report.checks[3].detail == "85 of the log's 700 events, 10 to 598 with gaps."
    assert "event 0 is missing" in _failed(_verify(folder))["events"]


# what is done to the lines of the events, and what is said of it
TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "an event is edited": (
        lambda lines: [*lines[:17], lines[17].replace(b"requester", b"approver!"), *lines[18:]],
        "Event 17 is not the one",
    ),
    "an event is deleted": (
        lambda lines: [*lines[:17], *lines[18:]],
        "Line 18: event 17 is missing, 18 stands in its place",
    ),
    "an event is deleted and the others renumbered": (
        lambda lines: [event_line(n, e) for n, e in enumerate([*EVENTS[:17], *EVENTS[18:]])],
        "Event 17 is not the one",
    ),
    "an event is inserted": (
        lambda lines: [*lines[:17], event_line(17, event(9999)), *lines[17:]],
        "Event 17 is not the one",
    ),
    "an event is repeated": (
        lambda lines: [*lines[:18], lines[17], *lines[18:]],
        "Line 19: event 17 comes after 17",
    ),
    "events are reordered": (
        lambda lines: [*lines[:17], lines[19], lines[17], lines[18], *lines[20:]],
        "Line 18: event 17 is missing, 19",
    ),
    "two events are swapped and renumbered": (
        lambda lines: [
            *lines[:17], event_line(17, EVENTS[18]), event_line(18, EVENTS[17]), *lines[19:],
        ],
        "Event 17 is not the one",
    ),
    "the end is cut off": (lambda lines: lines[:650], "end before 650; the log has 700"),
    "everything is cut off": (lambda lines: [], "end before 0; the log has 700"),
    "the last line is cut": (
        lambda lines: [*lines[:-1], lines[-1][:-20]],
        "Line 700 is not an event",
    ),
    "an event is appended": (
        lambda lines: [*lines, event_line(700, event(700))],
        "Event 700: the log has only 700",
    ),
    "an event gets another form": (
        lambda lines: [*lines[:17], lines[17].replace(b'","', b'", "', 1), *lines[18:]],
        "Event 17 is not the one",
    ),
    "a line has more than the event": (
        lambda lines: [*lines[:17], lines[17].replace(b"}\n", b',"z":1}\n'), *lines[18:]],
        "Line 18 is not an event",
    ),
    "a line is empty": (lambda lines: [*lines[:17], b"\n", *lines[17:]], "Line 18 is not an event"),
    "lines end otherwise": (
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
        "Line 1 is not an event",
    ),
    "a number is enormous": (
        lambda lines: [event_line(10**18, EVENTS[0]), *lines[1:]],
        "event 0 is missing",
    ),
    "a number is not one": (
        lambda lines: [lines[0].replace(b":0}", b":" + b"9" * 50_000 + b"}"), *lines[1:]],
        "Line 1 is not an event",
    ),
    "a line is long": (lambda lines: [b"x" * 200_000, *lines], "Line 1 is not an event"),
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERED)
def test_events_that_were_tampered_with_are_named(folder: Path, tampering: str) -> None:
    change, said = TAMPERED[tampering]
    _write(folder, change(_lines(folder)))
    report = _verify(folder)
    assert report.exit_status == 1
    assert said in _failed(report)["events"]
    assert set(_failed(report)) == {"events"}
    assert report.checks[4].outcome is Outcome.NOT_MADE


@pytest.mark.parametrize("tampering", sorted(set(TAMPERED) - {
    "an event is deleted", "the end is cut off", "everything is cut off",
}))  # fmt: skip
def test_a_selection_does_not_hide_tampering(folder: Path, tampering: str) -> None:
    _write(folder, TAMPERED[tampering][0](_lines(folder)))
    assert set(_failed(_verify(folder, whole=False))) == {"events"}


def test_an_old_checkpoint_put_in_place_of_the_new_one_is_a_rollback(tmp_path: Path) -> None:
    path = export(tmp_path / "export", EVENTS[:500])
    assert _verify(path).exit_status == 0  # nothing in it can say that there was more
    failed = _failed(_verify(path, old=checkpoint(EVENTS)))
    assert failed == {"earlier": "The log was rolled back: it had 700 events and now has 500."}


def test_a_fork_shown_to_two_auditors_is_seen_when_they_meet(tmp_path: Path) -> None:
    """Both exports are signed with the log's own key, and hold on their own."""
    forked = [*EVENTS[:123], event(123, name="productions.production.cancelled"), *EVENTS[124:]]
    path = export(tmp_path / "export", forked)
    assert _verify(path).exit_status == 0
    for held in (checkpoint(EVENTS), checkpoint(EVENTS[:300])):
        assert "rewritten or forked" in _failed(_verify(path, old=held))["earlier"]
    assert _verify(path, old=checkpoint(EVENTS[:123])).exit_status == 0


def test_a_fork_that_no_witness_saw_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "export", EVENTS)
    assert "0 of the needed 1" in _failed(_verify(path, trust=WITNESSED))["witnesses"]


def test_a_replaced_tile_is_named(folder: Path) -> None:
    tile = folder / "tile/0/001"
    hashes = tile.read_bytes()
    for changed in (hashes[::-1], hashes[:-1] + b"?"):
        tile.write_bytes(changed)
        assert "tile/0/001 is not the tile" in _failed(_verify(folder))["events"]
    tile.write_bytes(hashes[:-32])
    assert "tile/0/001 has 8160 bytes" in _failed(_verify(folder))["events"]
    tile.unlink()
    assert "tile/0/001 is missing" in _failed(_verify(folder))["events"]


def test_tiles_and_events_replaced_together_do_not_make_the_root(folder: Path) -> None:
    edited = [*EVENTS[:17], event(17, actor_role="approver"), *EVENTS[18:]]
    for path, hashes in grown(edited, batch=SIZE).files.items():
        (folder / path).write_bytes(hashes)
    _write(folder, [event_line(number, entry) for number, entry in enumerate(edited)])
    report = _verify(folder)
    assert "do not make its root" in _failed(report)["tree"]
    assert report.checks[3].outcome is Outcome.NOT_MADE


def test_a_replaced_key_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "export", EVENTS, checkpoint(EVENTS, STRANGER))
    report = _verify(path)
    assert _failed(report) == {"checkpoint": "The pinned key of the log did not sign it."}
    assert report.exit_status == 1


def test_a_back_dated_event_is_named(tmp_path: Path) -> None:
    early = (BEGAN + timedelta(seconds=5)).isoformat()
    entries = [*EVENTS[:650], event(650, occurred_at=early), *EVENTS[651:]]
    path = export(tmp_path / "export", entries)
    assert _failed(_verify(path))["times"].startswith(f"Event 650 says {early}, but event 649")
    assert _verify(path, tolerance=timedelta(seconds=700)).exit_status == 0


def test_an_event_dated_after_a_witness_saw_it_is_named(tmp_path: Path) -> None:
    late = (BEGAN + timedelta(days=1)).isoformat()
    entries = [*EVENTS[:-1], event(SIZE - 1, occurred_at=late)]
    seen = int((BEGAN + timedelta(seconds=SIZE)).timestamp())
    path = export(tmp_path / "export", entries, checkpoint(entries, cosigned=seen))
    assert "Event 699 says" in _failed(_verify(path, trust=WITNESSED))["times"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (b'{"a": 1}', "Event 3 is not canonical JSON"),
        (canonical_json({"id": "1"}), "Event 3 does not say when"),
        (event(3, occurred_at="2026-11-23T00:00:00"), "in which time zone"),
        (event(3, occurred_at=17), "does not say when"),
        (b"{" * 30_000 + b"}" * 30_000, "Event 3 is not canonical JSON"),
        (b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "Event 3 is not canonical JSON"),
    ],
)
def test_what_the_log_itself_should_not_hold_is_named(
    tmp_path: Path, entry: bytes, said: str
) -> None:
    path = export(tmp_path / "export", [*EVENTS[:3], entry, *EVENTS[4:10]])
    assert said in _failed(_verify(path))["events"]


def test_an_export_without_its_parts_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    assert _verify(tmp_path / "nowhere").exit_status == 2
    (tmp_path / "text.zip").write_text("not a zip")
    assert _verify(tmp_path / "text.zip").exit_status == 2
    (folder / "events.jsonl").unlink()
    assert _verify(folder).exit_status == 2
    (folder / "events.jsonl").mkdir()
    assert _verify(folder).exit_status == 2
    (folder / "events.jsonl").rmdir()
    (folder / "events.jsonl").touch()
    (folder / "checkpoint").unlink()
    assert _verify(folder).exit_status == 2


def test_a_huge_checkpoint_line_or_file_is_not_read_into_memory(folder: Path) -> None:
    with (folder / "events.jsonl").open("wb") as stream:
        stream.truncate(1 << 30)  # one line of a gigabyte of zeroes, without a newline
    assert "Line 1 is not an event" in _failed(_verify(folder))["events"]
    with (folder / "checkpoint").open("wb") as stream:
        stream.truncate(1 << 30)
    assert _verify(folder).exit_status == 2


@pytest.mark.parametrize("size", [0, 1, 9_223_372_036_854_775_807])
def test_a_checkpoint_of_a_hostile_size_is_an_error(folder: Path, size: int) -> None:
    text = f"{LOG.name}\n{size}\n{'A' * 43}=\n".encode()
    (folder / "checkpoint").write_bytes(text + b"\n" + LOG.sign(text))
    assert _verify(folder).exit_status == 1


def _damaged(path: Path) -> list[bytes]:
    whole = path.read_bytes()
    return [whole[:size] for size in (100, len(whole) // 2, len(whole) - 10)] + [
        whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        for at in range(0, len(whole), len(whole) // 40)
    ]


def test_a_damaged_zip_is_an_error_and_never_a_crash(folder: Path) -> None:
    path = zipped(folder)
    for damaged in _damaged(path):
        path.write_bytes(damaged)
        report = _verify(path)
        # damage may hit a date or a comment that nothing reads; then all checks hold, truly
        assert report.exit_status in (0, 1, 2)
        assert report.exit_status or report.checks[3].detail == "All 700 events of the log."


def test_a_zip_that_unpacks_to_gigabytes_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("checkpoint", checkpoint(EVENTS[:1]))
        archive.writestr("tile/0/000.p/1", leaf_hash(EVENTS[0]))
        with archive.open("events.jsonl", "w") as stream:
            for _ in range(200):
                stream.write(bytes(1 << 20))
    assert "Line 1 is not an event" in _failed(_verify(path))["events"]


def test_the_report_is_for_programs_too(honest: Path) -> None:
    report = json.loads(json.dumps(_verify(honest).to_dict()))
    assert report["exit_status"] == 0
    assert report["checks"][3]["detail"] == "All 700 events of the log."


def test_one_tree_goes_with_one_export(honest: Path) -> None:
    tree = GrowingTree()
    tree.extend([leaf_hash(entry) for entry in EVENTS])
    assert _verify(honest).checks[1].detail.endswith(f"root {tree.root.hex()}.")

"""In doubt a file is never called ours and unchanged."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from compliance.fingerprint.placing import Placement
from compliance.verify.asking import Found, Known, Question, answer, proposals
from compliance.verify.examination import Examination
from compliance.verify.verdict import SENTENCES, Heard, Verdict, conclude

ASSET, OTHER = "0123456789abcdef", "fedcba9876543210"
TRUSTED = {
    "state": "Trusted",
    "failures": [],
    "asset_id": ASSET,
    "recovered_for": None,
    "signer": "Rakkan",
    "timestamped_at": "2026-11-28T00:00:00+00:00",
}
MARK = {"asset_id": ASSET, "frames": 100, "asset_frames": 98, "agreement": 0.97}
HERE = Placement(2.0, 0.99, 0.9, 0, False)
ELSEWHERE = Placement(0.0, 0.1, 0.0, 0, False)


class Releases:
    """One release, as a publisher knows it."""

    def __init__(
        self,
        *,
        consent: str = "live",
        placed: Placement | None = HERE,
        others: tuple[str, ...] = (),
    ) -> None:
        self.known = Known(ASSET, "a" * 64, "released", consent)
        self.placed = placed
        self.others = {name: Known(name, "c" * 64, "released", "live") for name in others}

    def by_asset(self, asset_id: str) -> Known | None:
        return self.known if asset_id == ASSET else self.others.get(asset_id)

    def by_bytes(self, sha256: str) -> Known | None:
        return self.known if sha256 == self.known.file_sha256 else None

    def reference(self, asset_id: str) -> bytes:
        return b"kept"

    def by_pictures(self, examination: Examination) -> Found | None:
        return Found(ASSET, self.placed) if self.placed and self.placed.holds else None

    def place(self, examination: Examination, asset_id: str) -> Placement | None:
        return self.placed if asset_id == ASSET else None


def seen(*, same: bool = False, manifest: object = None, mark: object = None) -> Examination:
    return Examination(
        ("a" if same else "b") * 64,
        9,
        kind="video",
        manifest=manifest or {"state": "none", "failures": [], "asset_id": None},  # type: ignore[arg-type]
        mark=mark or {"asset_id": None, "agreement": 0.0},  # type: ignore[arg-type]
        frames=100,
        seconds=4.0,
    )


@pytest.mark.parametrize(
    ("examination", "archive", "verdict"),
    [
        (seen(same=True, manifest=TRUSTED, mark=MARK), Releases(), Verdict.UNCHANGED),
        (seen(same=True, manifest=TRUSTED), Releases(consent="withdrawn"), Verdict.WITHDRAWN),
        (seen(manifest=TRUSTED, mark=MARK), Releases(), Verdict.ALTERED),
        (seen(mark=MARK), Releases(), Verdict.COPY),
        (seen(mark=MARK), Releases(consent="expired"), Verdict.WITHDRAWN),
        (seen(mark=MARK), Releases(placed=ELSEWHERE), Verdict.ALTERED),
        (seen(mark=MARK), Releases(placed=None), Verdict.COPY),
        (seen(mark=MARK | {"asset_id": OTHER}), Releases(placed=ELSEWHERE), Verdict.UNKNOWN),
        (seen(), Releases(), Verdict.COPY),
        (seen(), Releases(placed=ELSEWHERE), Verdict.UNKNOWN),
        (seen(manifest=TRUSTED | {"state": "Invalid"}), Releases(), Verdict.ALTERED),
        (seen(manifest=TRUSTED | {"state": "Valid"}), Releases(), Verdict.ALTERED),
        (
            seen(manifest=TRUSTED | {"asset_id": None, "recovered_for": ASSET}),
            Releases(),
            Verdict.COPY,
        ),
        (
            seen(manifest=TRUSTED | {"asset_id": None, "recovered_for": ASSET}),
            Releases(consent="withdrawn"),
            Verdict.WITHDRAWN,
        ),
        (seen(manifest=TRUSTED | {"asset_id": None}), Releases(placed=None), Verdict.UNKNOWN),
    ],
)
def test_each_case_has_its_verdict(
    examination: Examination, archive: Releases, verdict: Verdict
) -> None:
    told = answer(Question(examination, archive))
    assert told.verdict is verdict
    assert [check.number for check in told.checks] == [1, 2, 3, 4, 5, 6, 7]


def test_a_stranger_is_told_what_was_not_checked() -> None:
    told = answer(Question(seen(same=True, manifest=TRUSTED, mark=MARK)))
    made = {check.name: check.outcome.value for check in told.checks}
    assert made["file"] == made["fingerprint"] == made["status"] == "not-made"
    assert told.verdict is Verdict.UNCHANGED


def test_no_doubt_ends_in_unchanged() -> None:
    sure, some = (False, True), (None, False, True)
    for trusted, claims, recovered, *rest in product(sure, sure, sure, *[some] * 6, sure):
        same = rest[0]
        stands = rest[4]
        heard = Heard(trusted, claims, same, recovered, *rest[1:])
        if conclude(heard) is Verdict.UNCHANGED:
            assert not claims
            assert stands is not False
            assert same or (trusted and not recovered and same is None)


SILENT = {"state": "not-found", "asset_id": None, "p_value": 1.0, "share": 0.0}
SPEAKS = {"state": "found", "asset_id": ASSET, "p_value": 1.0, "share": 1.0}


@pytest.mark.parametrize(
    ("changes", "placed", "verdict", "outcome", "code"),
    [
        ({"kind": "sound", "mark": {}, "sound": SPEAKS}, None, Verdict.COPY, "pass", ""),
        (
            {"kind": "sound", "mark": {}, "sound": SILENT},
            None,
            Verdict.UNKNOWN,
            "fail",
            "mark-missing",
        ),
        ({"sound": SPEAKS}, ELSEWHERE, Verdict.ALTERED, "pass", ""),
        ({"sound": SPEAKS}, HERE, Verdict.COPY, "pass", ""),
        ({"sound": SILENT, "mark": MARK}, HERE, Verdict.COPY, "fail", "mark-missing"),
        ({"sound": SPEAKS | {"asset_id": "1" * 16}}, HERE, Verdict.COPY, "fail", "mark-missing"),
        ({"sound": SPEAKS | {"asset_id": OTHER}}, HERE, Verdict.ALTERED, "fail", "mark-of-another"),
    ],
)
def test_what_the_sound_says_counts(
    changes: dict[str, Any], placed: Placement | None, verdict: Verdict, outcome: str, code: str
) -> None:
    archive = Releases(placed=placed, others=(OTHER,))
    told = answer(Question(replace(seen(), **changes), archive))
    assert told.verdict is verdict
    assert (told.checks[-1].outcome.value, told.checks[-1].code) == (outcome, code)


@pytest.mark.parametrize(
    ("state", "outcome", "code"),
    [
        ("found", "pass", ""),
        ("found-weakly", "fail", "mark-weak"),
        ("not-found", "fail", "mark-missing"),
    ],
)
def test_a_proposed_release_answers_for_the_pixels(state: str, outcome: str, code: str) -> None:
    asked = {"asset_id": ASSET, "state": state, "p_value": 1e-4}
    told = answer(Question(replace(seen(), asked=asked), Releases()))
    assert (told.checks[3].outcome.value, told.checks[3].code) == (outcome, code)
    assert told.verdict is Verdict.COPY  # its pictures were found


@pytest.mark.parametrize(
    ("changes", "proposed"),
    [
        ({}, [ASSET]),
        ({"mark": MARK}, []),
        ({"mark": MARK, "sound": SILENT}, [ASSET]),
        ({"mark": MARK, "sound": SPEAKS}, []),
        ({"mark": {}}, []),
    ],
)
def test_only_what_could_not_be_read_is_asked_for(
    changes: dict[str, Any], proposed: list[str]
) -> None:
    question = Question(replace(seen(), **changes), Releases())
    assert [each.asset_id for each in proposals(question)] == proposed
    assert proposals(Question(question.examination)) == []


def test_every_verdict_has_its_sentence() -> None:
    assert SENTENCES.keys() == set(Verdict)

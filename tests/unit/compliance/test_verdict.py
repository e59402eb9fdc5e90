"""In doubt a file is never called ours and unchanged."""

from __future__ import annotations

from itertools import product

import pytest

from compliance.fingerprint.placing import Placement
from compliance.verify.asking import Found, Known, Question, answer
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

    def __init__(self, *, consent: str = "live", placed: Placement | None = HERE) -> None:
        self.known = Known(ASSET, "a" * 64, "released", consent)
        self.placed = placed

    def by_asset(self, asset_id: str) -> Known | None:
        return self.known if asset_id == ASSET else None

    def by_bytes(self, sha256: str) -> Known | None:
        return self.known if sha256 == self.known.file_sha256 else None

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
    assert [check.number for check in told.checks] == [1, 2, 3, 4, 5, 6]


def test_a_stranger_is_told_what_was_not_checked() -> None:
    told = answer(Question(seen(same=True, manifest=TRUSTED, mark=MARK)))
    made = {check.name: check.outcome.value for check in told.checks}
    assert made["file"] == made["fingerprint"] == made["status"] == "not-made"
    assert told.verdict is Verdict.UNCHANGED


def test_no_doubt_ends_in_unchanged() -> None:
    sure, some = (False, True), (None, False, True)
    for trusted, claims, recovered, *rest in product(sure, sure, sure, *[some] * 5):
        same, marked, alike, found, stands = rest
        heard = Heard(trusted, claims, same, recovered, marked, alike, found, stands)
        if conclude(heard) is Verdict.UNCHANGED:
            assert not claims
            assert stands is not False
            assert same or (trusted and not recovered and same is None)


def test_every_verdict_has_its_sentence() -> None:
    assert SENTENCES.keys() == set(Verdict)

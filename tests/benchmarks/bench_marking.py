"""The marks: quality, survival of attacks, false alarms, speed against invisible-watermark.

PORTRAITS names a folder of photos of different people (see ``marking/clips.py``); half of them
helped to choose parameters, the other half is reported (MARKING_HALF=tuning looks at the first).
MARKING_PARTS names parts (quality, blind, hard, breaks, alarms, speed; all of them by default),
MARKING_PORTRAITS how many clips, MARKING_SEARCHES and MARKING_WORDS how often nothing is searched
for. What was measured with the same code is kept in build/marking and taken up again, so that it
may be run in slices. Attack by attack, with every failure, it lies in
build/bench/marking-details.json; ``python -m tests.benchmarks.marking.page`` makes docs of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import beta

from tests.benchmarks.harness import BUILD, Bar, Figure
from tests.benchmarks.marking import alarms, blind, breaks, hard, quality, speed
from tests.benchmarks.marking.clips import Clip, held_out, tuning

PARTS = os.environ.get("MARKING_PARTS", "quality,blind,hard,breaks,alarms,speed").split(",")
_TAIL = (0.1, 0.01, 0.001)  # p-values: so many at most may be as small where nothing is
BARS: dict[str, Bar] = {
    "psnr_db": ("at least", 44),
    "vmaf_loss": ("at most", 1),
    "exact_full": ("at least", 0.995),
    "exact_1s": ("at least", 0.995),
    "exact_frame_crf28": ("at least", 0.95),
    "informed_hard": ("at least", 0.95),
    "false_positives": ("at most", 0),
    "false_positive_tries": ("at least", 100_000),
    "full_searches": ("at least", 500),
    "embed_speedup": ("at least", 20),
    "detect_speedup": ("at least", 15),
    "pipeline_ratio": ("at least", 0.7),
    "verify_intact_s": ("at most", 2),
    "verify_stripped_s": ("at most", 10),
    "sign_mb_per_s": ("at least", 100),
}
_RELEASES = 1e6
_CHECK = 2.0**-32  # a wrong word passes its CRC
_IDS = 2.0**64


def measure() -> list[Figure]:
    """Measure the parts asked for; the table and every failure go to a file beside."""
    clips = tuning() if os.environ.get("MARKING_HALF") == "tuning" else held_out()
    details: dict[str, Any] = {"clips": [clip.name for clip in clips]}
    measures: dict[str, Callable[[Sequence[Clip], dict[str, Any]], list[Figure]]] = {
        "quality": _quality,
        "blind": _blind,
        "hard": _hard,
        "breaks": _breaks,
        "alarms": _alarms,
        "speed": _speed,
    }
    figures = [figure for part in PARTS for figure in measures[part](clips, details)]
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "marking-details.json"
    path.write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")
    return figures


def _quality(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = details["quality"] = quality.measure(clips)

    def over(name: str, values: Sequence[float], unit: str, note: str) -> Figure:
        spread = (min(values), max(values))
        return Figure(name, float(np.mean(values)), unit, f"mean of clips; {note}", spread)

    figures = [
        over("psnr_db", [r["psnr_rgb"] for r in rows], "dB", "RGB, before the encoder"),
        over("psnr_yuv_db", [r["psnr_yuv"] for r in rows], "dB", "all samples of the planes"),
        over("file_growth", [r["growth"] for r in rows], "ratio", "bytes, x264 veryfast CRF 18"),
    ]
    losses = [r["vmaf_plain"] - r["vmaf_marked"] for r in rows if "vmaf_plain" in r]
    if losses:
        note = "unmarked less marked, both encoded at veryfast CRF 18"
        figures.append(over("vmaf_loss", losses, "VMAF", note))
    return figures


def _blind(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = blind.measure(clips)
    details["blind"] = table(rows)
    details["failures"] = [row for row in rows if not row["exact"]]
    scopes = {
        "exact_full": lambda row: row["scope"] == "full",
        "exact_1s": lambda row: row["scope"].startswith("second"),
        "exact_frame_crf28": lambda row: row["scope"].startswith("frame"),
    }
    notes = ("22 attacks, 3-s clips", "22 attacks, windows of a second", "one frame, x264 CRF 28")
    figures = []
    for (name, chosen), note in zip(scopes.items(), notes, strict=True):
        tries = [row["exact"] for row in rows if chosen(row)]
        figures.append(share(name, note, sum(tries), len(tries)))
    wrong = sum(row["wrong"] for row in rows)
    return [*figures, Figure("wrong_ids", wrong, "ids", "another id than the clip's, of all tries")]


def _hard(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = hard.measure(clips)
    without = (hard.UNMARKED, hard.FOREIGN)
    marked = [row for row in rows if row["attack"] not in without]
    details["hard"] = {
        attack: {
            name: [row[name] for row in rows if row["attack"] == attack]
            for name in ("state", "p_value", "chances")
        }
        for attack in dict.fromkeys(row["attack"] for row in rows)
    }
    details["hard_failures"] = [
        {name: row[name] for name in ("clip", "attack", "state", "p_value")}
        for row in marked
        if row["state"] != "found"
    ]
    found = sum(row["state"] == "found" for row in marked)
    weakly = sum(row["state"] == "found-weakly" for row in marked)
    false = sum(row["state"].startswith("found") for row in rows if row["attack"] in without)
    size = float(np.mean([row["reference_bytes"] for row in rows])) / 1000
    return [
        share("informed_hard", "8 hard attacks, p below 1e-6", found, len(marked)),
        share("informed_hard_weakly_too", "p below 1e-3", found + weakly, len(marked)),
        *_chances_of_others(rows, details),
        Figure("informed_false", false, "overlays", "found, weakly or well, without its mark"),
        Figure("reference_kb", size, "kB", "kept for a clip of 3 s"),
    ]


def _chances_of_others(rows: Sequence[dict[str, Any]], details: dict[str, Any]) -> list[Figure]:
    """Return how small p-values get for assets that are not there: no smaller than they say."""
    others = np.minimum(1.0, 3 * np.concatenate([row["others"] for row in rows]))
    tail = {f"{p:g}": float((others <= p).mean()) for p in _TAIL}
    details["informed_tail"] = {"assets": int(others.size), "share_as_small_as": tail}
    said = ", ".join(f"{share:.2g} at {p}" for p, share in tail.items())
    note = f"{others.size} assets asked for that are not there; share as small: {said}"
    return [Figure("informed_least_p_of_others", float(others.min()), "p-value", note)]


def table(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return exact and tried for each attack and scope, in order."""
    cells: dict[str, dict[str, list[int]]] = {}
    for row in rows:
        scope = row["scope"].split()[0]
        cell = cells.setdefault(row["attack"], {}).setdefault(scope, [0, 0])
        cell[0] += row["exact"]
        cell[1] += 1
    return {
        attack: {scope: f"{exact} of {tried}" for scope, (exact, tried) in scopes.items()}
        for attack, scopes in cells.items()
    }


def share(name: str, note: str, found: int, tries: int) -> Figure:
    """Return a share with its 95 % interval of Clopper and Pearson (1934)."""
    low = float(beta.ppf(0.025, found, tries - found + 1)) if found else 0.0
    high = float(beta.ppf(0.975, found + 1, tries - found)) if found < tries else 1.0
    said = f"{note}: {found} of {tries}; the range is the 95 % interval"
    return Figure(name, found / max(tries, 1), "ratio", said, (low, high))


def _breaks(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = breaks.measure(clips)
    found: dict[str, dict[str, Any]] = {}
    for name, (unit, _, strengths) in breaks.LADDERS.items():
        failed = {r["strength"] for r in rows if r["attack"] == name and not r["exact"]}
        first = next((strength for strength in strengths if strength in failed), None)
        held = strengths if first is None else strengths[: strengths.index(first)]
        found[name] = {"unit": unit, "holds": held[-1] if held else None, "breaks": first}
    details["breaks"] = found
    return []


def _alarms(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    words, searches = alarms.words(clips), alarms.searches(clips)
    tried = sum(row["words"] for row in words) + sum(row["hypotheses"] for row in searches)
    false = sum(len(row["ids"]) for row in words) + sum(bool(row["found"]) for row in searches)
    scores = np.array([score for row in words for score in row["scores"]])
    most = max((row["hypotheses"] for row in searches), default=0)
    bound = most * _CHECK
    tail = {f"{q:g}": float(np.quantile(scores, q)) for q in (0.5, 0.99, 0.9999, 1)}
    details["alarms"] = {"score_quantiles": tail, "hypotheses_of_a_search": most}
    registered = f"COMPUTED: {most} words a search, each passing its CRC-32 by chance in 2^32"
    return [
        Figure("false_positives", false, "ids", "found where nothing of this key is"),
        Figure("false_positive_tries", tried, "words", "decoded and checked by their CRC-32"),
        Figure("full_searches", len(searches), "searches", "unmarked and foreign-marked seconds"),
        Figure("pilot_score_highest", tail["1"], "sigma", "mean of frames, nothing there"),
        Figure("chance_of_any_id", bound, "ratio", registered),
        Figure(
            "chance_of_a_released_id", bound * _RELEASES / _IDS, "ratio",
            "COMPUTED: and the id is one of a million in the registry of 2^64",
        ),
    ]  # fmt: skip


def _speed(clips: Sequence[Clip], details: dict[str, Any]) -> list[Figure]:
    del details
    first = clips[0]
    times = [*speed.against_library(first), *speed.pipeline(first), *speed.answers(first)]
    return [*times, speed.signing()]

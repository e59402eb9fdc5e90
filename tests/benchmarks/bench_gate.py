"""The photo gate: does it call those photos unusable with which the engine fails, and no others?

Portraits are made worse (``gating/degraded.py``), looked at by the gate, drawn and looked at again.
PORTRAITS names their folder: even numbers set the limits (GATE_HALF=even shows them), odd ones and
the sample portrait are what is reported. build/bench/gate-details.json lists each.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from compliance.permit import Verdict
from generation.faces.arrays import Image
from generation.media.photo import load_photo
from generation.resident import landmarker
from tests.benchmarks.gating.degraded import WAYS
from tests.benchmarks.gating.tries import Drawn, clip_of, drawn, judged
from tests.benchmarks.harness import BUILD, Bar, Figure
from tests.benchmarks.samples import FIXTURES

BARS: dict[str, Bar] = {"gate_precision": ("at least", 0.9), "gate_recall": ("at least", 0.9)}
MOST = int(os.environ.get("GATE_PORTRAITS", "1000"))
EVEN = os.environ.get("GATE_HALF", "odd") == "even"
_FACE = 420  # px forehead to chin of the portraits that are made worse


def measure() -> list[Figure]:
    """Judge and draw every version; sum up."""
    rows = list(_rows())
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "gate-details.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(_by_way(rows))
    counts = Counter((row["unusable"], bool(row["faults"])) for row in rows)
    hit, false, missed = counts[True, True], counts[True, False], counts[False, True]
    portraits = len({row["portrait"] for row in rows})
    note = f"{len(rows)} versions of {portraits} portraits"
    return [
        Figure(
            "gate_precision", hit / max(hit + false, 1), "ratio", f"failing of unusable, {note}"
        ),
        Figure("gate_recall", hit / max(hit + missed, 1), "ratio", f"unusable of failing, {note}"),
        Figure("gate_failing", float(hit + missed), "versions", "with which the engine fails"),
        Figure("gate_versions", float(len(rows)), "versions", note),
    ]


def portraits() -> list[Path]:
    """Return the portraits of the half that is asked for."""
    named = os.environ.get("PORTRAITS")
    found = sorted(Path(named).glob("*.*")) if named else []
    half = [p for p in found if p.stem[-1:].isdigit() and int(p.stem[-1]) % 2 == (not EVEN)]
    return [*half[:MOST], *([] if EVEN else [FIXTURES / "portrait.png"])]


def _rows() -> Iterator[dict[str, Any]]:
    for path in portraits():
        unharmed = at_size(path)
        face = landmarker().only(unharmed)
        reference = clip_of(unharmed, unharmed)
        yield _row(path, "unharmed", 0.0, unharmed, drawn(unharmed, unharmed, reference))
        for way in WAYS:
            for strength in way.strengths:
                worse = way.change(unharmed, face, strength)
                yield _row(path, way.name, strength, worse, drawn(worse, unharmed, reference))
        print(f"{path.stem}: looked at", flush=True)


def _row(path: Path, way: str, strength: float, rgb: Image, seen: Drawn) -> dict[str, Any]:
    said = judged(rgb)
    against = [each.check for each in said.findings if each.verdict is Verdict.UNUSABLE]
    doubts = [each.check for each in said.findings if each.verdict is Verdict.WARNINGS]
    return {
        "portrait": path.stem,
        "way": way,
        "strength": strength,
        "unusable": said.verdict is Verdict.UNUSABLE,
        "against": against,
        "doubts": doubts,
        "values": {each.check: each.value for each in said.findings},
        "faults": seen.faults(),
        "measured": vars(seen),
    }


def at_size(path: Path) -> Image:
    """Return a portrait whose face is at most as high as those that are made worse."""
    rgb = load_photo(path).rgb
    scale = min(1.0, _FACE / landmarker().only(rgb).height)
    size = tuple(max(16, round(side * scale)) for side in rgb.shape[1::-1])
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _by_way(rows: list[dict[str, Any]]) -> str:
    lines = ["way, strength: versions, failing, called unusable, both; what failed; what was named"]
    for key in dict.fromkeys((row["way"], row["strength"]) for row in rows):
        of = [row for row in rows if (row["way"], row["strength"]) == key]
        failing, called = (sum(bool(row[name]) for row in of) for name in ("faults", "unusable"))
        both = sum(bool(row["faults"]) and row["unusable"] for row in of)
        faults = Counter(fault for row in of for fault in row["faults"])
        named = Counter(check for row in of for check in row["against"])
        lines.append(
            f"{key[0]:11} {key[1]:7.3f}: {len(of)} {failing} {called} {both}; "
            f"{dict(faults)}; {dict(named)}"
        )
    return "\n".join(lines)

"""The photo gate: does it call those photos unusable with which the engine fails, and no others?

Portraits are made worse (``gating/degraded.py``), looked at by the gate, drawn and looked at again.
PORTRAITS names a folder with ``large`` and ``small`` in it, or one of large ones only: even numbers
set the limits (GATE_HALF=even shows them), odd ones and the sample portrait are what is reported.
Of the small ones, enlarged to a face of 300 px, the first GATE_SMALL (9) in an order by chance are
taken. About two minutes of one core a portrait, 50 altogether; what was drawn already is not
drawn again. build/bench/gate-details.json lists each version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compliance.permit import Verdict
from generation.faces.arrays import Image
from generation.resident import landmarker
from tests.benchmarks.gating.counted import Row, counted, table
from tests.benchmarks.gating.degraded import WAYS
from tests.benchmarks.gating.portraits import at_size, enlarged, numbered
from tests.benchmarks.gating.tries import Drawn, clip_of, drawn, judged
from tests.benchmarks.harness import BUILD, Bar, Figure
from tests.benchmarks.samples import FIXTURES

BARS: dict[str, Bar] = {"gate_precision": ("at least", 0.9), "gate_recall": ("at least", 0.9)}
MOST = int(os.environ.get("GATE_PORTRAITS", "1000"))  # large ones
SMALL = int(os.environ.get("GATE_SMALL", "9"))
EVEN = os.environ.get("GATE_HALF", "odd") == "even"
_ORDER = 2029  # seed


def measure() -> list[Figure]:
    """Judge and draw every version; sum up."""
    rows = list(_rows())
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "gate-details.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return figures(rows)


def figures(rows: list[Row]) -> list[Figure]:
    """Count all versions, and those of small portraits by themselves; print both tables."""
    found = []
    for kind, name in (("large", "_large"), ("small", "_small"), (None, "")):
        of = [row for row in rows if kind in (None, row["kind"])]
        if not of:
            continue
        print(f"{kind or 'all'}\n{table(of)}")
        count = counted(of)
        found += [
            Figure(f"gate_precision{name}", count.precision, "ratio", count.note, count.precisions),
            Figure(f"gate_recall{name}", count.recall, "ratio", count.note, count.recalls),
        ]
    failing = float(sum(bool(row["faults"]) for row in rows))
    return [
        *found,
        Figure("gate_failing", failing, "versions", "with which the engine fails"),
        Figure("gate_versions", float(len(rows)), "versions", "judged"),
    ]


def portraits() -> list[tuple[str, Path]]:
    """Return ("large" or "small", portrait) pairs of the half that is asked for."""
    named = os.environ.get("PORTRAITS")
    if not named:
        return [("large", FIXTURES / "portrait.png")]
    folder = Path(named)
    large = numbered(folder / "large" if (folder / "large").is_dir() else folder, odd=not EVEN)
    small = numbered(folder / "small", odd=not EVEN)
    order = np.random.default_rng(_ORDER).permutation(len(small))[:SMALL]
    return [
        *(("large", path) for path in large[:MOST]),
        *([] if EVEN else [("large", FIXTURES / "portrait.png")]),
        *(("small", small[index]) for index in order),
    ]


def _rows() -> Iterator[Row]:
    for kind, path in portraits():
        unharmed = at_size(path) if kind == "large" else enlarged(path)
        face = landmarker().only(unharmed)
        reference = clip_of(unharmed, unharmed)
        about = {"portrait": path.stem, "kind": kind}
        first = drawn(unharmed, unharmed, reference)
        yield about | _row("unharmed", 0.0, unharmed, first)
        for way in WAYS:
            for strength in way.strengths:
                worse = way.change(unharmed, face, strength)
                yield about | _row(way.name, strength, worse, drawn(worse, unharmed, reference))
        print(f"{path.stem}: looked at", flush=True)


def _row(way: str, strength: float, rgb: Image, seen: Drawn) -> dict[str, Any]:
    said = judged(rgb)
    verdicts = {each.check: each.verdict for each in said.findings}
    return {
        "way": way,
        "strength": strength,
        "unusable": said.verdict is Verdict.UNUSABLE,
        "against": [check for check, verdict in verdicts.items() if verdict is Verdict.UNUSABLE],
        "doubts": [check for check, verdict in verdicts.items() if verdict is Verdict.WARNINGS],
        "values": {each.check: each.value for each in said.findings},
        "faults": seen.faults(),
        "measured": vars(seen),
    }

"""``python -m tests.benchmarks.judging.page``: the tables of docs/evaluation.md, as measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from generation.evaluation.meanings import MEANINGS
from tests.benchmarks.bench_mesh import BARS
from tests.benchmarks.harness import BUILD

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evaluation.md"
FAULTS = BUILD / "judge-faults.json"
MESH = BUILD / "mesh.json"


def main() -> int:
    """Write the tables of what there is; what was not measured here stays as it was."""
    text = between(PAGE.read_text(encoding="utf-8"), "measures", _meanings())
    if FAULTS.exists():
        text = between(text, "faults", _table(json.loads(FAULTS.read_text(encoding="utf-8"))))
    if MESH.exists():
        found = json.loads(MESH.read_text(encoding="utf-8"))["figures"]
        text = between(text, "results", _results(found, _rows(text)))
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _rows(text: str) -> dict[str, str]:
    """Return the rows of the table of results as they stand, by figure; the head as "figure"."""
    _, _, rest = text.partition("<!-- results: written by a command -->")
    rows = rest.partition("<!-- end of results -->")[0].splitlines()
    head = next(row for row in rows if row.startswith("| figure |"))
    return {"figure": head} | {row.split("`")[1]: row for row in rows if "`" in row}


def _results(figures: Mapping[str, Any], before: Mapping[str, str]) -> str:
    """Return the figures that have a bar, and beside each what it is in each language.

    A row of `before` stays where its figure was not measured now.
    """
    measured = {name[-2:] for name in figures if name.startswith("r_judge_")}
    languages = sorted(measured or before["figure"].replace(" ", "").split("|")[4:-1])
    names = ["r_judge", "r_speech_judge", *BARS]
    lines = [
        f"| figure | bar | all | {' | '.join(languages)} |",
        "|---" * (3 + len(languages)) + "|",
    ]
    for name in names:
        cells = [_cell(figures, key) for key in (name, *(f"{name}_{each}" for each in languages))]
        if any(cells):
            way, bar = BARS.get(name, ("", ""))
            lines.append(f"| `{name}` | {way} {bar} | {' | '.join(cells)} |")
        elif name in before:
            lines.append(before[name])
    return "\n".join(lines)


def _cell(figures: Mapping[str, Any], name: str) -> str:
    return f"{figures[name]['value']:.3g}" if name in figures else ""


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| fault | strengths | measure | sound clip | weak | middle | strong | in order | others |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["fault"] for row in rows):
        group = [row for row in rows if row["fault"] == name]
        lines.append(_line(name, group))
    return "\n".join(lines)


def _line(name: str, group: list[dict[str, Any]]) -> str:
    first = group[0]
    means = np.nanmean([row["values"] for row in group], axis=0)
    ordered = sum(_ordered(row["values"]) for row in group)
    left: dict[str, list[bool]] = {}
    for row in group:
        for measure, stays in row["left"].items():
            left.setdefault(measure, []).append(stays)
    alone = ", ".join(f"`{m}` {sum(s)} of {len(s)}" for m, s in left.items()) or "\u2013"
    strengths = ", ".join(f"{s:g}" for s in first["strengths"])
    cells = " | ".join(f"{value:.3g}" for value in means)
    return (
        f"| {name} | {strengths} {first['unit']} | `{first['measure']}` | {cells} | "
        f"{ordered} of {len(group)} | {alone} |"
    )


def _ordered(values: list[float]) -> bool:
    steps = np.diff(values)
    return bool((steps <= 1e-9).all() or (steps >= -1e-9).all()) and values[0] != values[-1]


def _meanings() -> str:
    lines = ["| measure | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {said.title}: {said.says} |" for name, said in MEANINGS.items()]
    return "\n".join(lines)


def between(text: str, name: str, table: str) -> str:
    """Return a page with what stands between the marks of this name replaced."""
    start, end = f"<!-- {name}: written by a command -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n\n{table}\n\n{end}{after}"


if __name__ == "__main__":
    sys.exit(main())

"""Makes the measured part of docs/marking.md of what ``make bench PART=marking`` left.

``python -m tests.benchmarks.marking.page`` writes it between the two lines that frame it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import BUILD

PAGE = Path(__file__).resolve().parents[3] / "docs" / "marking.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> None:
    """Rewrite the part of the page."""
    figures = json.loads((BUILD / "marking.json").read_text())
    details = json.loads((BUILD / "marking-details.json").read_text())
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    measured = "\n".join(
        [*_figures(figures), *_attacks(details), *_hard(details), *_breaks(details)]
    )
    PAGE.write_text(f"{before}{BEGIN}\n\n{measured}\n{END}{after}", encoding="utf-8")


def _figures(measured: dict[str, Any]) -> list[str]:
    lines = [
        f"Measured {measured['measured_at'][:10]}.",
        "",
        "| figure | value | range | what |",
        "|---|---|---|---|",
    ]
    for name, figure in measured["figures"].items():
        spread = figure["spread"]
        extent = f"{spread[0]:.4g} to {spread[1]:.4g}" if spread else ""
        value = f"{figure['value']:.4g} {figure['unit']}"
        lines.append(f"| `{name}` | {value} | {extent} | {figure['note']} |")
    return [*lines, ""]


def _attacks(details: dict[str, Any]) -> list[str]:
    if "blind" not in details:
        return []
    lines = [
        "### Blind detection",
        "",
        "| attack | 3 s | any second | one frame |",
        "|---|---|---|---|",
    ]
    for attack, scopes in details["blind"].items():
        cells = (scopes.get(scope, "") for scope in ("full", "second", "frame"))
        lines.append(f"| {attack} | {' | '.join(cells)} |")
    lines += ["", f"Failures: {len(details['failures'])}."]
    for row in details["failures"]:
        lines.append(
            f"- {row['attack']}, {row['scope']}, clip {row['clip']}: pilots {row['score']}"
        )
    return [*lines, ""]


def _hard(details: dict[str, Any]) -> list[str]:
    if "hard" not in details:
        return []
    lines = [
        "### Informed detection", "",
        "The p-value is that of chroma, luma and both together, and then the least times three:",
        "the worst clip of each.",
        "", "| attack | found | weakly | not | chroma | luma | both | p-value |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for attack, row in details["hard"].items():
        states = row["state"]
        found, weakly = states.count("found"), states.count("found-weakly")
        rest = len(states) - found - weakly
        worst = [max(values) for values in zip(*row["chances"], strict=True)]
        said = " | ".join(f"{value:.1g}" for value in (*worst, max(row["p_value"])))
        lines.append(f"| {attack} | {found} | {weakly} | {rest} | {said} |")
    lines += ["", f"Failures: {len(details['hard_failures'])}."]
    for row in details["hard_failures"]:
        lines.append(
            f"- {row['attack']}, clip {row['clip']}: {row['state']}, p {row['p_value']:.2g}"
        )
    return [*lines, ""]


def _breaks(details: dict[str, Any]) -> list[str]:
    if "breaks" not in details:
        return []
    lines = [
        "### Where blind detection breaks", "",
        "One second each: the last strength at which every clip gave its id, and the first at",
        "which one did not.",
        "", "| attack | holds at | breaks at |", "|---|---|---|",
    ]  # fmt: skip
    for attack, row in details["breaks"].items():
        holds = f"{row['holds']:g} {row['unit']}" if row["holds"] is not None else "none tried"
        broke = f"{row['breaks']:g} {row['unit']}" if row["breaks"] is not None else "not reached"
        lines.append(f"| {attack} | {holds} | {broke} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()

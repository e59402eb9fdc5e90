"""Prompts: what each word of the vocabulary moves in finished pictures, and what it leaves alone.

``prompting/`` says how. Portrait by portrait it lies in build/bench/prompt-details.json, a picture
for each word in build/bench/prompt-sheets; ``python -m tests.benchmarks.prompting.page`` writes
the tables of docs/prompt.md.
"""

from __future__ import annotations

import json

from generation.prompt.vocabulary import HONOURED
from tests.benchmarks.harness import BUILD, Bar, Figure
from tests.benchmarks.prompting.clips import Found, measured, photos, sheet
from tests.benchmarks.prompting.table import BOUND, MARGIN, Row, row, units

DETAILS = BUILD / "prompt-details.json"
BARS: dict[str, Bar] = {"words_that_move": ("at least", 1.0), "words_alone": ("at least", 1.0)}


def measure() -> list[Figure]:
    """Measure all words on all portraits."""
    found = []
    for index, photo in enumerate(photos()):
        found.append(measured(photo, index))
        sheet(found[-1], BUILD / "prompt-sheets")
        print(f"{photo.stem}: measured", flush=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    kept = [{"name": f.name, "neutral": f.neutral, "moved": f.moved} for f in found]
    DETAILS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    rows = list(lines(kept)[0])
    plain = sum(1 for c in HONOURED if c.backdrop) * len(found)
    wrong = sum(len(f.wrong) for f in found)
    return [*_figures(rows), _right(plain, wrong, found)]


def lines(kept: list[dict]) -> tuple[list[Row], dict[str, float]]:
    """Return every word's line and the measures' units, from what was kept of each portrait."""
    unit = units([each["neutral"] for each in kept])
    rows = []
    for concept in HONOURED:
        clips = [each["moved"][concept.name] for each in kept]
        if "zoom" in concept.adjust:  # a photo that shows no more cannot be cropped wider or closer
            clips = [each for each in clips if abs(each["size"]) > 0.01] or clips
        rows.append(row(concept, clips, unit))
    return rows, unit


def _figures(rows: list[Row]) -> list[Figure]:
    moving = [each for each in rows if each.moves]
    alone = [each for each in rows if not each.others]
    figures = [
        Figure("words_that_move", len(moving) / len(rows), "ratio", f"{MARGIN} units and more"),
        Figure("words_alone", len(alone) / len(rows), "ratio", f"others within {BOUND} unit"),
    ]
    for each in rows:
        name, _ = each.own
        said = f"{name}, {each.portraits} portraits; the range is a 95% interval"
        if each.others:
            said += f"; moves {', '.join(each.others)} as well"
        figures.append(Figure(f"own_{each.word}", each.moved[name], "units", said, each.interval))
    return figures


def _right(plain: int, wrong: int, found: list[Found]) -> Figure:
    named = ", ".join(f"{f.name}: {', '.join(f.wrong)}" for f in found if f.wrong) or "none wrong"
    note = f"plain backgrounds whose measured colour is nearest to their own name; {named}"
    return Figure("backdrops_right", 1 - wrong / max(plain, 1), "ratio", note)

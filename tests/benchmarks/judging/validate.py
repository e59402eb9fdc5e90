"""``python -m tests.benchmarks.judging.validate``: plants faults, and makes docs' table of them.

PORTRAITS names the folder of photos (see ``cases.py``); three held-out ones speak, each in another
language. Writes ``build/bench/judge-faults.json`` and the tables of docs/evaluation.md.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.evaluation.meanings import MEANINGS
from generation.evaluation.measures import Measure
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.motion.speaking import animate
from generation.prompt import understand
from generation.resident import landmarker
from tests.benchmarks.harness import BUILD
from tests.benchmarks.judging.cases import portraits
from tests.benchmarks.judging.faults import Clip, Fault, judged, make_clip, unmoved, with_swap
from tests.benchmarks.judging.voices import heard, voices

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evaluation.md"
CLIPS = int(os.environ.get("VALIDATE_CLIPS", "3"))
SIDE = 384  # px
SECONDS = 6
_PATH = BUILD / "judge-faults.json"
Measures = dict[str, Measure]
Seen = dict[tuple[int, float], Measures]


def main(arguments: list[str]) -> int:
    """Measure, unless ``page`` alone is asked for; then write the page."""
    if arguments != ["page"]:
        BUILD.mkdir(parents=True, exist_ok=True)
        rows: list[dict[str, Any]] = []
        for row in _measure():
            rows.append(row)
            _PATH.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    if _PATH.exists():
        text = _between(text, "faults", _table(json.loads(_PATH.read_text(encoding="utf-8"))))
    text = _between(text, "measures", _meanings())
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _measure() -> Iterator[dict[str, Any]]:
    faces = portraits()
    chosen = [faces[at] for at in np.linspace(0, len(faces) - 1, CLIPS).astype(int)]
    engines = [_engine(face.photo) for face in chosen]
    for index, (face, engine) in enumerate(zip(chosen, engines, strict=True)):
        clip = _clip(face.photo, engine, index)
        base = judged(clip).measures()
        seen: Seen = {}
        for fault in with_swap(engines[(index + 1) % len(engines)]):
            row = _row(clip, fault, base, seen) | {"clip": face.photo.stem}
            print(face.photo.stem, fault.name, row["values"], row["left"], flush=True)
            yield row


def _row(clip: Clip, fault: Fault, base: Measures, seen: Seen) -> dict[str, Any]:
    values, left = [_of(base[fault.lowers].value, fault)], {}
    for strength in fault.strengths:
        key = (id(fault.plant), strength)  # one fault may lower several measures
        if key not in seen:
            seen[key] = judged(clip, fault, strength).measures()
        found = seen[key]
        values.append(_of(found[fault.lowers].value, fault))
        if strength == fault.strengths[0]:
            left = {name: unmoved(found[name], base[name]) for name in fault.leaves}
    return {
        "fault": fault.name, "measure": fault.lowers, "strengths": fault.strengths,
        "unit": fault.unit, "values": values, "left": left,
    }  # fmt: skip


def _of(value: float, fault: Fault) -> float:
    return abs(value) if fault.lowers.startswith("lag") else value


def _engine(photo: Path) -> MeshEngine:
    return MeshEngine(load_photo(photo).rgb, SIDE, SIDE, landmarker=landmarker())


def _clip(photo: Path, engine: MeshEngine, index: int) -> Clip:
    voice = voices()[index * len(voices()) // CLIPS]
    speech = Speech(voice.speech.samples[: SECONDS * SAMPLE_RATE])
    drawn, known = (_until(phones) for phones in (heard(voice.language), voice.phones or []))
    curves = animate(speech, drawn, understand("calm"), seed=index, fps=25)
    return make_clip(engine, (photo, load_photo(photo).rgb), speech, curves, known or None)


def _until(phones: list[Phone]) -> list[Phone]:
    return [phone for phone in phones if phone.end <= SECONDS]


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


def _between(text: str, name: str, table: str) -> str:
    start, end = f"<!-- {name}: written by a command -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n\n{table}\n\n{end}{after}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

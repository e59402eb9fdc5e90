"""``python -m tests.benchmarks.judging.validate``: plants faults and measures.

PORTRAITS names the folder of photos (see ``cases.py``); three held-out ones speak, each in another
language. Writes ``build/bench/judge-faults.json``; ``judging.page`` makes docs' table of it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from generation.audio import SAMPLE_RATE, Speech
from generation.evaluation.measures import Measure
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.motion.speaking import from_speech
from generation.prompt import understand
from generation.resident import landmarker
from tests.benchmarks.harness import BUILD
from tests.benchmarks.judging.cases import portraits
from tests.benchmarks.judging.faults import Clip, Fault, judged, make_clip, unmoved, with_swap
from tests.benchmarks.judging.page import FAULTS
from tests.benchmarks.judging.voices import voices

CLIPS = int(os.environ.get("VALIDATE_CLIPS", "3"))
SIDE = 384  # px
SECONDS = 9
Measures = dict[str, Measure]
Seen = dict[tuple[int, float], Measures]


def main() -> int:
    """Measure, keeping every row as soon as it is there."""
    BUILD.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for row in _measure():
        rows.append(row)
        FAULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
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
    known = [phone for phone in voice.phones or [] if phone.end <= SECONDS]
    curves = from_speech(speech, understand("calm"), seed=index, fps=25)
    return make_clip(engine, (photo, load_photo(photo).rgb), speech, curves, known or None)


if __name__ == "__main__":
    sys.exit(main())

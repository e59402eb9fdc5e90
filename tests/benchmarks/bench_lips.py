"""The gate's judgement of lips: how often is a right video refused, how often a wrong one passed?

Videos of the mesh engine (``lipsync/clips.py``) as they are; with their sound early or late; with
another sentence; with lips that stay as they are. Numbers and bounds are those of the product. The
half that the bounds were set on is counted beside the one that is held out. Needs PORTRAITS, a
folder of photos, libespeak-ng1 and what ``readings.py`` names. Every video is listed in
``build/bench/lips-details.json``; ``python -m tests.benchmarks.lipsync.page`` writes docs/lips.md.
It draws about 110 clips (half an hour of one core) and keeps them; judging them takes 15 minutes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from generation.audio import load
from generation.evaluation.intervals import share_interval
from generation.evaluation.lips import MOST_SECONDS, measure_lips
from tests.benchmarks.harness import BUILD, Figure
from tests.benchmarks.lipsync.clips import Clip, clips
from tests.benchmarks.lipsync.judged import Row, rows

DETAILS = BUILD / "lips-details.json"
BARS = {
    "right_refused": ("at most", 0.0),
    "frozen_caught": ("at least", 1.0),
    "other_sentence_caught": ("at least", 1.0),
    "shift_320_caught": ("at least", 1.0),
}


def measure() -> list[Figure]:
    """Judge every video of both halves and count."""
    halves = {name: list(clips(held_out=held)) for name, held in (("tuning", 0), ("held out", 1))}
    found = {name: list(rows(half)) for name, half in halves.items()}
    listed = [
        {
            "half": name,
            **asdict(row),
            "judgement": row.judgement.said,
            "passes": row.judgement.passes,
        }
        for name, half in found.items()
        for row in half
    ]
    BUILD.mkdir(parents=True, exist_ok=True)
    DETAILS.write_text(json.dumps(listed, indent=1), encoding="utf-8")
    held = found["held out"]
    return [
        *_counted(held, ""),
        *_counted(found["tuning"], "tuning_"),
        _least(held, "least_in_time"),
        _least(found["tuning"], "tuning_least_in_time"),
        *_speed(halves["held out"][0]),
    ]


def _counted(half: Sequence[Row], prefix: str) -> list[Figure]:
    right = [row for row in half if row.right]
    kinds = {
        "frozen": ["lips frozen"],
        "other_sentence": ["another sentence, same reader", "another reader's sentence"],
        **{
            f"shift_{ms}": [f"sound {ms} ms {way}" for way in ("late", "early")]
            for ms in (120, 200, 320, 480)
        },
    }
    found = [_share(f"{prefix}right_refused", [not row.judgement.passes for row in right])]
    for name, words in kinds.items():
        caught = [not row.judgement.passes for row in half if row.kind in words]
        found.append(_share(f"{prefix}{name}_caught", caught))
    return found


def _share(name: str, hits: Sequence[bool]) -> Figure:
    value = float(np.mean(hits))
    bounds = share_interval(value, len(hits))
    return Figure(name, value, "ratio", f"{sum(hits)} of {len(hits)} videos", bounds)


def _least(half: Sequence[Row], name: str) -> Figure:
    values = [row.facts["in_time"] for row in half if row.right]
    return Figure(name, min(values), "r", "the least correlation in time of a right video")


def _speed(clip: Clip) -> list[Figure]:
    """Time a short video, and a long one made of it, of which MOST_SECONDS are looked at."""
    voice = load(clip.voice)
    took = []
    for _ in range(2):
        began = time.process_time()
        facts = measure_lips(clip.video, voice, lambda *_: None)
        took.append(time.process_time() - began)
    per = min(took) / facts["seconds"]
    return [
        Figure("seconds_a_second", per, "ratio", "s of one core for a second that is looked at"),
        Figure("minute_s", per * MOST_SECONDS, "s", f"a minute: {MOST_SECONDS:.0f} s looked at"),
    ]

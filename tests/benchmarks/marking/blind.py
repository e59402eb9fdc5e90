"""Blind detection after the 22 attacks: the full clip, any second of it, one frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compliance.watermark.finder import Finder
from tests.benchmarks.marking.attacks import BLIND, Attack, Copies, Frames
from tests.benchmarks.marking.clips import FPS, FRAMES, KEY, SECOND, Clip
from tests.benchmarks.marking.kept import kept

_EVERY = 10  # frames from one window of a second to the next
_SINGLE = "h264 crf 28"
_MORE = [Path(__file__).parent / "attacks.py"]


def measure(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row for each try: clip, attack, scope, whether the exact id came, seconds."""
    rows = []
    for clip in clips:
        rows += kept(__file__, clip.name, lambda clip=clip: {"rows": _of(clip)}, _MORE)["rows"]
    return rows


def _of(clip: Clip) -> list[dict[str, Any]]:
    copies = Copies.of(clip.marked())
    return [row for attack in BLIND for row in _tries(clip, attack, attack.act(copies))]


def _tries(clip: Clip, attack: Attack, frames: Frames) -> list[dict[str, Any]]:
    rows = [_try(clip, attack, "full", frames)]
    second = int(SECOND * attack.rate / FPS)
    for start in range(0, FRAMES - SECOND + 1, _EVERY):
        begin = int(start * attack.rate / FPS)
        rows.append(_try(clip, attack, f"second at {start}", frames[begin : begin + second]))
    if attack.name == _SINGLE:
        rows += [
            _try(clip, attack, f"frame {index}", frames[index : index + 1])
            for index in range(3, FRAMES, 6)
        ]
    return rows


def _try(clip: Clip, attack: Attack, scope: str, frames: Frames) -> dict[str, Any]:
    began = time.process_time()
    found = Finder(KEY).find(frames)
    return {
        "clip": clip.name,
        "attack": attack.name,
        "scope": scope,
        "exact": found.asset_id == clip.asset_id,
        "wrong": found.asset_id not in (None, clip.asset_id),
        "score": round(found.detection.pilot_score, 2) if found.detection else 0.0,
        "hypotheses": found.hypotheses,
        "cpu_s": round(time.process_time() - began, 3),
    }

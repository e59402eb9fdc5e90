"""How often something is found where nothing is: no mark, or a mark made with another key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compliance.audiomark import expand_audio
from compliance.audiomark.detector import AudioDetector, soft_bits
from compliance.audiomark.grid import BANDS, NARROW_BANDS
from compliance.audiomark.layout import AudioLayout
from compliance.audiomark.marker import AudioMarker
from compliance.audiomark.search import SPEEDS, Sound, places
from compliance.watermark import WatermarkKey
from compliance.watermark.payload import decode_asset_ids
from tests.benchmarks.audiomark.clips import KEY, RELEASED, Clip, heard
from tests.benchmarks.audiomark.kept import kept

_SECONDS = 3
_SLICE = 20  # searches that are kept together
_TESTED = 3  # one in so many stretches is asked for a known id, too


def measure(found_clips: Sequence[Clip], wanted: int) -> dict[str, Any]:
    """Decode ``wanted`` hypotheses, the likeliest of each speed, and ask for ids never given.

    Half of the sound is unmarked, the other half marked with a key that nobody looks for.
    """
    alarms, tried, number = 0, 0, 0
    scores: list[float] = []
    while tried < wanted:
        seen = kept(__file__, f"{number}", lambda n=number: _slice(found_clips, n))
        alarms, tried = alarms + seen["alarms"], tried + seen["words"]
        scores += seen["scores"]
        number += 1
    return {
        "alarms": alarms,
        "hypotheses": tried,
        "searches": number * _SLICE,
        "tests": len(scores),
        "scores": np.percentile(scores, [50, 90, 99, 100]).round(2).tolist(),
        "highest_score": max(scores),
    }


def _slice(found_clips: Sequence[Clip], number: int) -> dict[str, Any]:
    """Search some stretches, each for a key of its own."""
    alarms = words = 0
    scores = []
    for search in range(number * _SLICE, (number + 1) * _SLICE):
        clip = found_clips[search // 2 % len(found_clips)]
        sound = _stretch(clip, foreign=bool(search % 2), number=search)
        key = WatermarkKey(search.to_bytes(32, "big"))
        layout = AudioLayout.of(key)
        found = places(sound, layout.cells(layout.contents(None)), SPEEDS)
        parts = [(place, bands) for place in found for bands in (BANDS, NARROW_BANDS)]
        ids = decode_asset_ids(np.stack([soft_bits(layout, sound, *part) for part in parts]))
        alarms += sum(asset_id is not None for asset_id in ids)
        words += len(ids)
        if not search % _TESTED:
            scores.append(AudioDetector(key).test(sound, f"{search:016x}", SPEEDS).score)
    return {"alarms": alarms, "words": words, "scores": scores}


def _stretch(clip: Clip, *, foreign: bool, number: int) -> Sound:
    """Return some seconds of a clip from a drawn place."""
    plain = clip.plain
    start = int(np.random.default_rng(number).integers(len(plain) - _SECONDS * RELEASED))
    part = plain[start : start + _SECONDS * RELEASED]
    if foreign:
        pattern = expand_audio(KEY, clip.asset_id)
        part = np.concatenate(list(AudioMarker(pattern, RELEASED).mark([part[None]])), axis=1)[0]
    return Sound(heard(part))

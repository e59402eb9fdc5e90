"""How often something is found where nothing is: no mark, or a mark made with another key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compliance.audiomark import expand_audio
from compliance.audiomark.detector import AudioDetector, soft_bits
from compliance.audiomark.layout import AudioLayout
from compliance.audiomark.marker import AudioMarker
from compliance.audiomark.search import SPEEDS, Sound, places
from compliance.watermark import WatermarkKey
from compliance.watermark.payload import decode_asset_ids
from tests.benchmarks.audiomark.clips import KEY, RELEASED, Clip, heard

_SECONDS = 3
_KEYS = 40  # that are tried on each stretch by the test for a known id


def measure(found_clips: Sequence[Clip], wanted: int) -> dict[str, Any]:
    """Decode ``wanted`` hypotheses, the likeliest of each speed, and ask for ids never given.

    Half of the sound is unmarked, the other half marked with a key that nobody looks for.
    """
    alarms = tried = searches = 0
    scores: list[float] = []
    p_values: list[float] = []
    number = 0
    while tried < wanted:
        clip = found_clips[number // 2 % len(found_clips)]
        sound = _stretch(clip, foreign=bool(number % 2), number=number)
        key = WatermarkKey(number.to_bytes(32, "big"))  # what is searched for is new each time
        layout = AudioLayout.of(key)
        found = places(sound, layout.cells(layout.contents(None)), SPEEDS)
        soft = np.stack([soft_bits(layout, sound, place) for place in found])
        alarms += sum(asset_id is not None for asset_id in decode_asset_ids(soft))
        tried += len(soft)
        searches += 1
        if len(scores) < _KEYS * 50:
            each = AudioDetector(key)
            for asset in range(_KEYS // 10):
                likeness = each.test(sound, f"{asset:016x}", SPEEDS)
                scores.append(likeness.score)
                p_values.append(likeness.p_value)
        number += 1
    return {
        "alarms": alarms,
        "hypotheses": tried,
        "searches": searches,
        "tests": len(scores),
        "highest_score": max(scores),
        "scores": np.percentile(scores, [50, 90, 99, 100]).round(2).tolist(),
        "lowest_p_value": min(p_values),
    }


def _stretch(clip: Clip, *, foreign: bool, number: int) -> Sound:
    """Return some seconds of a clip from a drawn place."""
    plain = clip.plain
    start = int(np.random.default_rng(number).integers(len(plain) - _SECONDS * RELEASED))
    part = plain[start : start + _SECONDS * RELEASED]
    if foreign:
        pattern = expand_audio(KEY, clip.asset_id)
        part = np.concatenate(list(AudioMarker(pattern, RELEASED).mark([part[None]])), axis=1)[0]
    return Sound(heard(part))

"""False alarms: words decoded, and whole searches made, where there is nothing to find."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from compliance.watermark import WatermarkKey
from compliance.watermark.blocks import cb_plane
from compliance.watermark.decoder import Decoder, Sums, Tuning
from compliance.watermark.finder import Finder
from compliance.watermark.geometry import Geometry
from compliance.watermark.payload import decode_asset_ids
from tests.benchmarks.marking.clips import FRAMES, KEY, SECOND, Clip
from tests.benchmarks.marking.codecs import through
from tests.benchmarks.marking.kept import kept

SEARCHES = int(os.environ.get("MARKING_SEARCHES", "500"))
WORDS = int(os.environ.get("MARKING_WORDS", "100000"))
_FOREIGN = WatermarkKey(bytes(range(64, 96)))
_KEYS = 64  # under which each place is read


def searches(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row for each full search of unmarked and foreign-marked seconds."""
    each = -(-SEARCHES // max(len(clips), 1))
    rows = []
    for clip in clips:
        name = f"{clip.name}-searches-{each}"
        rows += kept(__file__, name, lambda clip=clip: {"rows": _searched(clip, each)})["rows"]
    return rows[:SEARCHES]


def _searched(clip: Clip, count: int) -> list[dict[str, Any]]:
    unmarked = through(clip.plain(), 23)[0]
    foreign = through(clip.marked(_FOREIGN), 23)[0]
    rows = []
    for number in range(count):
        frames = (unmarked, foreign)[number % 2]
        start = number * 7 % (FRAMES - SECOND)
        secret = b"search" + clip.name.encode() + number.to_bytes(2, "big")
        found = Finder(_key(secret)).find(frames[start : start + SECOND])
        row = {"found": found.asset_id, "hypotheses": found.hypotheses}
        rows.append(row | {"score": found.detection.pilot_score if found.detection else 0.0})
    return rows


def words(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return a row for each place and clip: words decoded, ids found, and their best scores."""
    places = -(-WORDS // (_KEYS * max(len(clips), 1)))
    rows = []
    for clip in clips:
        name = f"{clip.name}-words-{places}"
        rows += kept(__file__, name, lambda clip=clip: {"rows": _decoded(clip, places)})["rows"]
    return rows


def _decoded(clip: Clip, places: int) -> list[dict[str, Any]]:
    frames = [through(side, 23)[0] for side in (clip.plain(), clip.marked(_FOREIGN))]
    random = np.random.default_rng(int(clip.asset_id, 16))
    decoders = [Decoder(_key(b"words" + bytes([number]))) for number in range(_KEYS)]
    rows = []
    for number in range(places):
        start = int(random.integers(FRAMES - SECOND))
        chosen = frames[number % 2][start : start + SECOND : 5]
        tuning = Tuning(float(random.uniform(0.5, 1.3)), float(random.uniform(0, 1)))
        share, left, top = random.uniform(0.5, 1), *random.uniform(0, 0.4, 2)
        place = Geometry(1 / share, 1 / share, random.uniform(-5, 5), 256 * -left, 256 * -top)
        values = np.stack([place.read(cb_plane(frame)) for frame in chosen])
        soft, scores = [], []
        for decoder in decoders:
            sums = Sums()
            decoder.add(values, tuning, sums, place.seen(256, 256))
            soft.append(sums.coded)
            scores.append(float(sums.scores.mean()))
        ids = [found for found in decode_asset_ids(np.stack(soft)) if found]
        rows.append({"words": len(soft), "ids": ids, "scores": [round(s, 2) for s in scores]})
    return rows


def _key(label: bytes) -> WatermarkKey:
    """Return a key that marked nothing here."""
    key = WatermarkKey((label + KEY.secret)[:32].ljust(32, b"\0"))
    return key

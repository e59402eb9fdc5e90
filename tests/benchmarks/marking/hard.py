"""Informed detection after the hard attacks, and what it says where the marks are not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compliance.watermark.informed import Overlay, lay_over
from compliance.watermark.reference import Reference
from tests.benchmarks.marking.attacks import HARD, Copies, Frames
from tests.benchmarks.marking.clips import KEY, Clip
from tests.benchmarks.marking.codecs import through
from tests.benchmarks.marking.kept import kept

UNMARKED, FOREIGN = "unmarked", "marked for another asset"
_OTHERS = 200  # assets that each overlay is asked for in vain
_MORE = [Path(__file__).parent / "attacks.py"]


def measure(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row for each clip and attack, and two for the clip without its marks."""
    rows = []
    for clip in clips:
        rows += kept(__file__, clip.name, lambda clip=clip: {"rows": _of(clip)}, _MORE)["rows"]
    return rows


def _of(clip: Clip) -> list[dict[str, Any]]:
    copies = Copies.of(clip.marked())
    kept_bytes = Reference.of(copies.delivered).to_bytes()
    reference = Reference.from_bytes(kept_bytes)
    rows = [_row(clip, attack.name, lay_over(attack.act(copies), reference)) for attack in HARD]
    without = {UNMARKED: clip.plain(), FOREIGN: clip.marked(asset_id=_other(clip.name))}
    for name, frames in without.items():
        copy: Frames = through(frames, 23)[0]
        rows.append(_row(clip, name, lay_over(copy, reference)))
    return [row | {"reference_bytes": len(kept_bytes)} for row in rows]


def _row(clip: Clip, attack: str, overlay: Overlay | None) -> dict[str, Any]:
    row: dict[str, Any] = {"clip": clip.name, "attack": attack}
    if overlay is None:
        return row | {"state": "not-laid", "p_value": 1.0, "chances": [1.0] * 3, "others": []}
    evidence = overlay.under(KEY)
    found = evidence.ask(clip.asset_id)
    return row | {
        "state": found.state.value,
        "p_value": found.p_value,
        "chances": evidence.chances(clip.asset_id),
        "likeness": round(found.likeness, 3),
        "others": [min(evidence.chances(_other(f"{clip.name} {n}"))) for n in range(_OTHERS)],
    }


def _other(label: str) -> str:
    """Return an id as random as real ones are."""
    return hashlib.sha256(label.encode()).hexdigest()[:16]

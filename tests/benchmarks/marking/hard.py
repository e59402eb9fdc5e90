"""Informed detection after the hard attacks, and what it says where the mark is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import compliance.watermark
from compliance.watermark import expand
from compliance.watermark.informed import Overlay, lay_over
from compliance.watermark.reference import Reference
from tests.benchmarks.marking.attacks import HARD, Copies, Frames
from tests.benchmarks.marking.clips import KEY, Clip
from tests.benchmarks.marking.codecs import through
from tests.benchmarks.marking.kept import kept

_OTHERS = 200  # assets that each overlay is asked for in vain
_MARK = Path(compliance.watermark.__file__).parent
_MORE = [_MARK / f"{name}.py" for name in ("informed", "registration", "reference")]


def measure(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row for each clip and attack, and one for the clip without its mark."""
    rows = []
    for clip in clips:
        rows += kept(__file__, clip.name, lambda clip=clip: {"rows": _of(clip)}, _MORE)["rows"]
    return rows


def _of(clip: Clip) -> list[dict[str, Any]]:
    copies = Copies.of(clip.marked())
    kept_bytes = Reference.of(copies.delivered).to_bytes()
    reference = Reference.from_bytes(kept_bytes)
    rows = [_row(clip, attack.name, lay_over(attack.act(copies), reference)) for attack in HARD]
    unmarked: Frames = through(clip.plain(), 23)[0]
    rows.append(_row(clip, "unmarked", lay_over(unmarked, reference)))
    return [row | {"reference_bytes": len(kept_bytes)} for row in rows]


def _row(clip: Clip, attack: str, overlay: Overlay | None) -> dict[str, Any]:
    row: dict[str, Any] = {"clip": clip.name, "attack": attack}
    if overlay is None:
        return row | {"state": "not-laid", "p_value": 1.0, "deviations": 0.0, "others": []}
    found = overlay.ask(expand(KEY, clip.asset_id))
    others = [overlay.ask(expand(KEY, f"{n:016x}")).deviations for n in range(_OTHERS)]
    return row | {
        "state": found.state.value,
        "p_value": found.p_value,
        "deviations": round(found.deviations, 2),
        "likeness": round(found.likeness, 3),
        "others": [round(value, 2) for value in others],
    }

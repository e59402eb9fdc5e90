"""Each clip as it is and made wrong, measured as a worker does and judged as the gate does.

A sound that is late, or another sentence, needs no new picture: the same lips are held against
another part of the judge's reading, or against the reading of another track.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.audio import load
from generation.evaluation.lips import Seen, hear, lips_in, shifts_of, summed
from generation.evaluation.openings import Track
from generation.evaluation.video import describe
from rakkan.releases.lips import Judgement, lips_judge
from tests.benchmarks.lipsync.clips import KEPT, Clip
from tests.benchmarks.samples import FPS

SHIFTS = (120, 200, 320, 480)  # ms that the sound is early or late
_STEP = 1000 // FPS
_REACH = shifts_of().size // 2
_WIDE: Track = np.arange(-_REACH - SHIFTS[-1] // _STEP, _REACH + SHIFTS[-1] // _STEP + 1) / FPS
SHORT = 4.0  # s: the beginning alone, as a short video


@dataclass(frozen=True)
class Row:
    """One video as it was judged.

    Attributes:
        clip: its name.
        language: of two letters.
        kind: "right", "right, 4 s", "late 200 ms", "another sentence", ...
        facts: what a worker reports.
        judgement: what the gate makes of it.
    """

    clip: str
    language: str
    kind: str
    facts: dict[str, float]
    judgement: Judgement

    @property
    def right(self) -> bool:
        """Whether it has to pass."""
        return self.kind.startswith("right")


def rows(clips: Sequence[Clip]) -> Iterator[Row]:
    """Yield every video of a half, right and wrong."""
    for index, clip in enumerate(clips):
        own = _read(clip.name, clip.video, clip.voice)
        kind = "right, moving" if clip.name.endswith("moving") else "right"
        yield _row(clip, kind, own)
        yield _row(clip, "right, 4 s", own, seconds=SHORT)
        for shift in SHIFTS:
            yield _row(clip, f"sound {shift} ms late", own, shift)
            yield _row(clip, f"sound {shift} ms early", own, -shift)
        for kind, other in _others(clips, index):
            name = f"{clip.name}+{other.name}"
            yield _row(clip, kind, _read(name, clip.video, other.voice))
        if clip.frozen is not None:
            short = clip.frozen.with_suffix(".wav")
            yield _row(clip, "lips frozen", _read(f"{clip.name}-frozen", clip.frozen, short))


def _others(clips: Sequence[Clip], index: int) -> Iterator[tuple[str, Clip]]:
    """Yield the next clip of the same reader, and the next of another."""
    own = clips[index]
    following = [*clips[index + 1 :], *clips[:index]]
    same = [c for c in following if c.language == own.language]
    strange = [c for c in following if c.language != own.language]
    yield from [("another sentence, same reader", same[0])] if same else []
    yield "another reader's sentence", strange[0]


def _row(clip: Clip, kind: str, seen: Seen, shift: int = 0, seconds: float | None = None) -> Row:
    """Judge what was seen against a sound that is `shift` ms late."""
    kept = np.ones(seen.times.size, bool) if seconds is None else seen.times < seconds
    middle = _WIDE.size // 2 + shift // _STEP
    asked = seen.asked[kept, middle - _REACH : middle + _REACH + 1]
    part = Seen(seen.times[kept], seen.gap[kept], asked, seen.speaks[kept])
    facts = summed([part], FPS)
    return Row(clip.name, clip.language, kind, facts, lips_judge(facts))


def _read(name: str, video: Path, voice: Path) -> Seen:
    """Return what is seen in a video and heard in a voice, kept from an earlier run."""
    times, gap = _seen(video)
    path = KEPT / f"{name}.heard.npz"
    if not path.exists():
        seen = hear(load(voice), times, gap, _WIDE)
        np.savez(path, asked=seen.asked, speaks=seen.speaks)
    with np.load(path) as kept:
        return Seen(times, gap, kept["asked"], kept["speaks"])


def _seen(video: Path) -> tuple[Track, Track]:
    path = video.with_suffix(".seen.npz")
    if not path.exists():
        times, gap = lips_in(video, (0.0, describe(video).seconds), lambda _: None)
        np.savez(path, times=times, gap=gap)
    with np.load(path) as kept:
        return kept["times"], kept["gap"]

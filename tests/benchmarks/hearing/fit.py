"""``python -m tests.benchmarks.hearing.fit``: fits how well lips are foretold to follow a track.

Ridge regression from how the network hears a track (``generation.gate.foretold``) to how far lips
then move as by the unspoilt one, on the settling half's tracks and on voices of espeak-ng. Writes
``build/hearing/lips_foretold.npz`` and prints how good it is with each language left out; the file
is vendored by hand, with its digest. Needs what ``bench_hearing.py`` needs. Five minutes of two
cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from generation.audio import Speech, listen
from generation.audio.speech import Samples
from generation.gate.foretold import LIMITS, WEIGHTS, sounds
from generation.gate.voice import FORETOLD
from generation.motion.lips import lips
from generation.motion.timeline import timeline
from tests.benchmarks.harness import BUILD
from tests.benchmarks.hearing.tracks import PAUSE, tracks, voices
from tests.benchmarks.judging.fit import ridge, texts
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.lipreading.voices import TEXTS_OF

RIDGE = 300.0  # of some 1,900 tracks
PIECES = 5  # of each reader
FAILS = 0.75  # r
# Languages and voices that are no part of the benchmark: spoilt tracks of more than six people.
SPOKEN = {
    "es": ("es+f3", "es+m2"),
    "fr": ("fr+f3",),
    "it": ("it+m7",),
    "ru": ("ru+m4",),
    "en": ("en+f1",),
    "de": ("de+m3",),
    "pt": ("pt+f2",),
}


@dataclass(frozen=True)
class Spoilt:
    """A track: its language, its sounds (288,), and how its lips follow the unspoilt one's."""

    language: str
    sounds: np.ndarray
    r: float


def main() -> int:
    """Fit, report, write."""
    with ProcessPoolExecutor(2) as pool:
        found = [
            each for of_one in pool.map(_spoilt, *zip(*_voices(), strict=True)) for each in of_one
        ]
    inputs = np.stack([each.sounds for each in found])
    wanted = np.clip([each.r for each in found], *LIMITS)[:, None]
    _report(found, inputs, wanted)
    matrix, offset = ridge(inputs, wanted, RIDGE)
    path = BUILD.parent / "hearing" / WEIGHTS
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, matrix=matrix[:, 0], offset=offset[0])
    print(f"written to {path}, {path.stat().st_size} bytes")
    return 0


def follows(clean: np.ndarray, gap: np.ndarray) -> float:
    """Return r of two openings; 0 where one of them keeps still."""
    still = min(clean.std(), gap.std()) < 1e-6
    return 0.0 if still else float(np.corrcoef(clean, gap)[0, 1])


def _voices() -> Iterator[tuple[str, Samples]]:
    yield from voices(held_out=False, pieces=PIECES)
    for language, names in SPOKEN.items():
        said = [t for _, t, _ in texts(TEXTS_OF.get(language, language), False) if len(t) < 60]
        for name in names:
            parts = [PAUSE]
            for text in said[3:40:12]:
                parts += [speak(text, name).speech.samples, PAUSE]
            yield language, np.concatenate(parts)


def _spoilt(language: str, voice: Samples) -> list[Spoilt]:
    """Return a voice as it is and spoilt in every way; where nothing is heard nothing is told."""
    clean, found = None, []
    for track in tracks(language, voice, held_out=False):
        speech = Speech(track.samples)
        heard = listen(speech)
        gap = lips(heard, timeline(speech, 25.0)).gap
        clean = gap if clean is None else clean
        if heard.phones:
            found.append(Spoilt(language, sounds(speech, heard.phones), follows(clean, gap)))
    return found


def _report(found: list[Spoilt], inputs: np.ndarray, wanted: np.ndarray) -> None:
    """Foretell each language's tracks by those of the others."""
    told = np.zeros(len(found))
    for language in {each.language for each in found}:
        of_it = np.array([each.language == language for each in found])
        matrix, offset = ridge(inputs[~of_it], wanted[~of_it], RIDGE)
        told[of_it] = (inputs[of_it] @ matrix + offset)[:, 0]
    failed = np.array([each.r < FAILS for each in found])
    print(f"{len(found)} tracks, {failed.sum()} fail; foretold by the other languages' tracks:")
    print(f"r with how they follow {np.corrcoef(told, wanted[:, 0])[0, 1]:.3f}")
    for limit in sorted((FORETOLD.reject, *np.arange(0.70, 0.80, 0.01))):
        called = told < limit
        both = (called & failed).sum()
        right = f"precision {both / max(called.sum(), 1):.2f}, recall {both / failed.sum():.2f}"
        print(f"  called unusable under {limit:.3f}: {right}")


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.benchmarks.lipreading.fit``: fits what is read of a mouth from a voice.

Ridge regression from rows within the network that hears sounds (``generation.audio.mouth``) to what
a mouth does (``targets.py``), on the voices of ``voices.py``. Writes
``build/lipreading/lip_reading.npz`` and prints how good it is on what was held out; the file is
vendored by hand, with its digest. Needs what ``judging/fit.py`` needs. Four minutes of one core.
"""

from __future__ import annotations

import sys

import numpy as np

from generation.audio import SAMPLE_RATE, listen
from generation.audio.loudness import levelled
from generation.audio.mouth import STEP, TRACKS, WEIGHTS, seen
from generation.audio.phonemes import model
from tests.benchmarks.harness import BUILD
from tests.benchmarks.judging.fit import ridge
from tests.benchmarks.lipreading.targets import targets
from tests.benchmarks.lipreading.voices import READ, Example, examples, noisy

RIDGE = 2000.0  # of some 300,000 rows
_LONGEST = 25.0  # s that the network hears at once


def main() -> int:
    """Fit, report, write."""
    train, test = list(examples(held_out=False)), list(examples(held_out=True))
    seconds = sum(each.speech.seconds for each in train)
    print(f"{len(train)} pieces, {seconds / 60:.1f} min to fit on, once more with noise")
    train += [each for each in train if each.group == READ]  # one person among many programs
    inputs, wanted = _stacked([*train, *noisy(train)])
    matrix, offset = ridge(inputs, wanted, RIDGE)
    for group in sorted({each.group for each in test}):
        held_out = [each for each in test if each.group == group]
        for name, pieces in ((group, held_out), ("in noise", list(noisy(held_out)))):
            rows, truth = _stacked(pieces)
            print(f"{name:24}", _agreement(rows @ matrix + offset, truth))
            print(f"{'by chosen phonemes':24}", _agreement(_chosen(pieces), truth), flush=True)
    path = BUILD.parent / "lipreading" / WEIGHTS
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, matrix=matrix, offset=offset)
    print(f"written to {path}, {path.stat().st_size} bytes")
    return 0


def _stacked(pieces: list[Example]) -> tuple[np.ndarray, np.ndarray]:
    inputs, wanted = [], []
    for each in pieces:
        rows = seen(_made(each))
        inputs.append(rows)
        wanted.append(targets(each.phones, STEP * np.arange(len(rows))))
    return np.vstack(inputs), np.vstack(wanted)


def _made(piece: Example) -> np.ndarray:
    """Return what the network makes of a piece, as far as it hears it at once."""
    samples = levelled(piece.speech).samples[: int(_LONGEST * SAMPLE_RATE)]
    return model().network(np.clip(samples, -1, 1))[1]


def _chosen(pieces: list[Example]) -> np.ndarray:
    """Return what the mouth would do by the phonemes that the network chooses."""
    found = []
    for each in pieces:
        found.append(targets(listen(each.speech).phones, STEP * np.arange(len(_made(each)))))
    return np.vstack(found)


def _agreement(said: np.ndarray, wanted: np.ndarray) -> str:
    """Return r of each track with what is wanted, where somebody speaks."""
    speaks = wanted.sum(1) > 0.05
    cells = []
    for name, one, other in zip(TRACKS, said[speaks].T, wanted[speaks].T, strict=True):
        r = np.corrcoef(one, other)[0, 1] if other.std() > 0 else np.nan
        cells.append(f"{name} {r:.2f}")
    return "; ".join(cells)


if __name__ == "__main__":
    sys.exit(main())

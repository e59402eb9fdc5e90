"""``python -m tests.benchmarks.judging.fit``: fits the judge of lips and says how good it is.

Fitted on English prompts read by one person, aligned to their text by PocketSphinx, and on
sentences spoken by espeak-ng in seven languages, whose times are exact. Texts whose name has an
even CRC-32 are held out, and so are the voices of HELD_OUT and Japanese altogether. Writes
``build/judge/lip_judge.npz`` and a table; the file is vendored by hand, with its digest.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from generation.audio import Phone, Speech, listen
from generation.evaluation.alignment import aligned
from generation.evaluation.judge import windows
from generation.evaluation.openings import CLOSED, OPEN, aperture, during
from tests.benchmarks.harness import BUILD
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.readings import g722, recordings

RIDGE = 300.0  # of some 100,000 rows
SPOKEN = {
    "en": ("en-us", "en+f3", "en-us+m4"),
    "es": ("es", "es+f2"),
    "fr": ("fr", "fr+f4"),
    "it": ("it", "it+f2"),
    "ru": ("ru", "ru+f3"),
    "de": ("de", "de+f5"),
}
HELD_OUT = {"en": ("en-us+f2",), "es": ("es+m3",), "fr": ("fr+m5",), "it": ("it+m1",)}
JAPANESE = ("ja", "ja+f2")
SENTENCES = 16  # of each voice
JAPANESE_TEXTS = (
    "本日は新しい製品についてご説明いたします。",
    "もう少しお待ちください。まもなく始まります。",
    "皆さまのご参加を心よりお待ちしております。",
    "ばらばらのメンバーが、ぽつぽつと集まりました。",
    "窓の前の花瓶に、紫の花が飾ってあります。",
    "不明な点がございましたら、担当者までお問い合わせください。",
    "今日は朝から雨が降っていますが、午後には晴れるでしょう。",
    "この部品は、温度の変化に強い特別な素材でできています。",
)


@dataclass(frozen=True)
class Example:
    """A piece of speech and its sounds."""

    group: str
    speech: Speech
    phones: list[Phone]


def main() -> int:
    """Fit, report, write."""
    train, test = list(_examples(held_out=False)), list(_examples(held_out=True))
    seconds = sum(each.speech.seconds for each in train)
    print(f"{len(train)} pieces, {seconds / 60:.1f} min to fit on; {len(test)} held out")
    inputs, targets = _stacked(train)
    matrix, offset = ridge(inputs, targets, RIDGE)
    marks = targets[:, 1:] > 0.5
    readings = inputs @ matrix + offset
    thresholds = np.array([_threshold(readings[:, 1 + i], marks[:, i]) for i in range(2)])
    for group in sorted({each.group for each in test}):
        _report(group, [e for e in test if e.group == group], matrix, offset, thresholds)
    path = BUILD.parent / "judge" / "lip_judge.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {"matrix": matrix.astype("f4"), "offset": offset, "thresholds": thresholds}
    np.savez_compressed(path, **{name: value.astype("f4") for name, value in stored.items()})
    print(f"written to {path}, {path.stat().st_size} bytes")
    return 0


def _examples(*, held_out: bool) -> Iterator[Example]:
    for speech, phones in read_prompts(held_out=held_out):
        yield Example("read en", speech, phones)
    draw = random.Random(0)  # noqa: S311  the same sentences each time
    for language, voices in (HELD_OUT if held_out else SPOKEN).items():
        said = [t for _, t, _ in texts("en" if language == "de" else language, held_out)]
        for voice in voices:
            for text in draw.sample(said, min(SENTENCES, len(said))):
                spoken = speak(text, voice, draw.choice((130, 150, 175)))
                yield Example(f"espeak {language}", spoken.speech, spoken.phones)
    if held_out:
        for voice in JAPANESE:
            for text in JAPANESE_TEXTS:
                said = speak(text, voice)
                yield Example("espeak ja", said.speech, said.phones)


def read_prompts(*, held_out: bool) -> Iterator[tuple[Speech, list[Phone]]]:
    """Yield one reader's English prompts with their sounds."""
    for _, text, path in texts("en", held_out):
        speech = g722(path)
        if 1.0 <= speech.seconds <= 25 and (phones := aligned(speech, text)):
            yield speech, phones


def texts(language: str, held_out: bool) -> list[tuple[str, str, Path]]:
    """Return name, text and file of the prompts of one half.

    A text that is read in both is left out of the half that is held out.
    """
    halves: tuple[list[tuple[str, str, Path]], ...] = ([], [])
    for recording in recordings(language):
        halves[crc32(recording[0].encode()) % 2].append(recording)
    fitted = {_words(text) for _, text, _ in halves[1]}
    return [r for r in halves[0] if _words(r[1]) not in fitted] if held_out else halves[1]


def _words(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _stacked(examples: list[Example]) -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = [], []
    for each in examples:
        times, rows = windows(each.speech)
        inputs.append(rows)
        closed, opened = (during(each.phones, kind, times) for kind in (CLOSED, OPEN))
        targets.append(np.c_[aperture(each.phones, times), closed, opened])
    return np.vstack(inputs), np.vstack(targets).astype(np.float32)


def ridge(
    inputs: np.ndarray, targets: np.ndarray, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression on standardised features; returns what applies to raw ones.

    Args:
        inputs: (n, features).
        targets: (n, k).
        strength: added to the diagonal, of n rows.

    Returns:
        matrix (features, k) and offset (k,).
    """
    mean, deviation = inputs.mean(0), inputs.std(0) + 1e-3
    scaled = (inputs - mean) / deviation
    centre = targets.mean(0)
    gram = (scaled.T @ scaled).astype(np.float64) + strength * np.eye(scaled.shape[1])
    weights = np.linalg.solve(gram, (scaled.T @ (targets - centre)).astype(np.float64))
    matrix = weights / deviation[:, None]
    return matrix.astype(np.float32), (centre - mean @ matrix).astype(np.float32)


def _threshold(reading: np.ndarray, marks: np.ndarray) -> float:
    """Return where nine of ten frames above it are what is asked for, or nearly so."""
    order = np.argsort(-reading)
    precision = np.cumsum(marks[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= 0.9)
    last = good[-1] if good.size else int(precision[50:].argmax()) + 50
    return float(reading[order[last]])


def _report(
    group: str, examples: list[Example], matrix: np.ndarray, offset: np.ndarray, sure: np.ndarray
) -> None:
    inputs, targets = _stacked(examples)
    readings = inputs @ matrix + offset
    talking = targets[:, 0] > 0.02
    r = np.corrcoef(readings[:, 0], targets[:, 0])[0, 1]
    within = np.corrcoef(readings[talking, 0], targets[talking, 0])[0, 1]
    cells = [f"r {r:.3f}", f"within speech {within:.3f}"]
    for index, name in ((1, "p b m"), (2, "open")):
        hits, marks = readings[:, index] > sure[index - 1], targets[:, index] > 0.5
        precision = (hits & marks).sum() / max(hits.sum(), 1)
        cells.append(f"{name} precision {precision:.2f} recall {hits[marks].mean():.2f}")
    heard = [r for e in examples if (r := _agreement(e, matrix, offset)) is not None]
    cells.append(f"r with hama's sounds {np.median(heard):.2f}")
    seconds = sum(each.speech.seconds for each in examples)
    print(f"{group:12} {len(examples):4} {seconds:6.0f} s  " + "; ".join(cells), flush=True)


def _agreement(example: Example, matrix: np.ndarray, offset: np.ndarray) -> float | None:
    times, rows = windows(example.speech)
    other = aperture(listen(example.speech).phones, times)
    reading = (rows @ matrix + offset)[:, 0]
    return float(np.corrcoef(reading, other)[0, 1]) if other.std() > 0 else None


if __name__ == "__main__":
    sys.exit(main())

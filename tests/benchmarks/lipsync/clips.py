"""Right videos of many faces and readers, drawn, marked and encoded as the product does.

PORTRAITS names the folder of photos. Names that end in an even digit are for tuning, odd ones are
held out; so are half of the sentences. Every portrait speaks in two languages, and once its lips
are frozen. Clips are kept, so that a measurement may be interrupted and taken up again.
"""

from __future__ import annotations

import os
import random
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

from compliance.carrier import Carrier
from compliance.watermark import WatermarkKey
from generation import engines
from generation.audio import SAMPLE_RATE, Speech, recognise
from generation.audio.speech import Samples
from generation.media.encoder import Encoder, VideoFormat
from generation.media.photo import load_photo
from generation.motion.speaking import animate
from generation.prompt import understand
from tests.benchmarks.harness import BUILD
from tests.benchmarks.judging.fit import JAPANESE_TEXTS
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.readings import READERS, g722, recordings
from tests.benchmarks.samples import FPS, SIZE

KEPT = BUILD / "lips"
MOST = int(os.environ.get("LIPS_PORTRAITS", "1000"))  # of each half
EACH = 2  # languages a portrait speaks in
_LANGUAGES = (*READERS, "ja")
_JAPANESE = {False: "ja", True: "ja+f2"}  # voices of espeak-ng
_SPEECH = 7.0  # s of sentences at least
_SENTENCE = (1.2, 4.5)  # s
_FROZEN = 6.0  # s drawn of lips that stay as they are
_CARRIER = Carrier.of(WatermarkKey(bytes(range(32))), "00c0ffee00c0ffee")
_LIPS = ("gap", "jaw", "wide", "round", "protrude", "tongue", "close", "labiodental")


@dataclass(frozen=True)
class Clip:
    """A right video.

    Attributes:
        name: portrait and language.
        language: of two letters.
        held_out: it was not tuned on.
        video: the MP4.
        voice: what was said, a WAV file.
        frozen: the beginning of the same with lips that stay as they are; None where not drawn.
    """

    name: str
    language: str
    held_out: bool
    video: Path
    voice: Path
    frozen: Path | None


def clips(*, held_out: bool) -> Iterator[Clip]:
    """Yield the clips of one half, drawing those that are not there."""
    named = os.environ["PORTRAITS"]
    photos = [p for p in sorted(Path(named).glob("*.*")) if p.stem[-1:].isdigit()]
    half = [p for p in photos if int(p.stem[-1]) % 2 == held_out][:MOST]
    for index, photo in enumerate(half):
        for turn in range(EACH):
            language = _LANGUAGES[(index + turn * len(_LANGUAGES) // EACH) % len(_LANGUAGES)]
            yield _clip(photo, language, held_out=held_out, frozen=turn == 0)


def _clip(photo: Path, language: str, *, held_out: bool, frozen: bool) -> Clip:
    name = f"{photo.stem}-{language}"
    voice, video, still = (KEPT / f"{name}{end}" for end in (".wav", ".mp4", "-frozen.mp4"))
    if not voice.exists() or not video.exists() or (frozen and not still.exists()):
        KEPT.mkdir(parents=True, exist_ok=True)
        _draw(photo, _said(language, held_out, name), (voice, video, still if frozen else None))
        print(f"{name}: drawn", flush=True)
    return Clip(name, language, held_out, video, voice, still if frozen else None)


def _draw(photo: Path, samples: Samples, paths: tuple[Path, Path, Path | None]) -> None:
    voice, video, still = paths
    _write(voice, samples)
    speech = Speech(samples)
    seed = crc32(video.stem.encode())
    curves = animate(speech, recognise(speech), understand("calm"), seed=seed, fps=FPS)
    drawing = engines.get("mesh").prepare(load_photo(photo).rgb, SIZE, SIZE)
    if still is not None:
        held = {n: np.full_like(getattr(curves, n), getattr(curves, n)[0]) for n in _LIPS}
        short = still.with_suffix(".wav")
        _write(short, samples[: round(_FROZEN * SAMPLE_RATE)])
        _encode(still, drawing.render(curves.with_(**held)), short, round(_FROZEN * FPS))
    _encode(video, drawing.render(curves), voice, len(curves))


def _encode(path: Path, pictures: Iterator[np.ndarray], voice: Path, most: int) -> None:
    part = path.with_suffix(".part.mp4")
    with Encoder(part, VideoFormat(SIZE, SIZE, FPS), audio=voice, carrier=_CARRIER) as encoder:
        for _, frame in zip(range(most), pictures, strict=False):
            encoder.write(frame)
    part.replace(path)


def _said(language: str, held_out: bool, name: str) -> Samples:
    """Return some sentences of a half with pauses between, others for each clip."""
    draw = random.Random(name)  # noqa: S311  the same sentences each time
    parts, total = [_silence(draw)], 0.0
    sentences = _sentences(language, held_out)
    for samples in draw.sample(sentences, len(sentences)):
        parts += [samples, _silence(draw)]
        total += samples.size / SAMPLE_RATE
        if total >= _SPEECH:
            break
    return np.concatenate(parts)


@cache
def _sentences(language: str, held_out: bool) -> list[Samples]:
    if language == "ja":
        texts = JAPANESE_TEXTS[held_out::2]
        return [speak(text, _JAPANESE[held_out]).speech.samples for text in texts]
    # Even numbers did not fit the judge; of those every other one is of each half.
    half = [r for r in recordings(language) if crc32(r[0].encode()) % 4 == 2 * held_out]
    found = (g722(path).samples for _, _, path in half)
    return [s for s in found if _SENTENCE[0] <= s.size / SAMPLE_RATE <= _SENTENCE[1]]


def _silence(draw: random.Random) -> Samples:
    return np.zeros(int(draw.uniform(0.2, 0.8) * SAMPLE_RATE), np.float32)


def _write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())

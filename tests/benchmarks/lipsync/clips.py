"""Right videos of many faces and readers, drawn, marked and encoded as the product does.

PORTRAITS names the folder of photos. Names that end in an even digit are for tuning, odd ones are
held out; so are half of the sentences. Every portrait speaks in two languages, in a third one with
a prompt that changes mouth and head and in another size, and once its lips are frozen. Clips are
kept, so that a measurement may be interrupted and taken up again.
"""

from __future__ import annotations

import os
import random
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from zlib import crc32

import numpy as np

from compliance.carrier import Carrier
from compliance.watermark import WatermarkKey
from generation import engines
from generation.audio import SAMPLE_RATE, listen, load
from generation.audio.speech import Samples
from generation.faces.arrays import Image
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
_LANGUAGES = (*READERS, "ja")
_MOVING = (  # prompts that change mouth and head most, and pixels of the frame
    *(("smiling, energetic", 256), ("sad, calm", 512), ("angry, energetic", 768)),
    *(("smiling, calm", 512), ("serious, quiet", 256)),
)
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
        speaks = [_LANGUAGES[(index + turn) % len(_LANGUAGES)] for turn in (0, 3, 1)]
        prompt, size = _MOVING[index % len(_MOVING)]
        yield _clip(_Asked(photo, held_out, speaks[0]), frozen=True)
        yield _clip(_Asked(photo, held_out, speaks[1]))
        yield _clip(_Asked(photo, held_out, speaks[2], prompt, size))


@dataclass(frozen=True)
class _Asked:
    photo: Path
    held_out: bool
    language: str
    prompt: str = "calm"
    size: int = SIZE  # pixels, both ways

    @property
    def name(self) -> str:
        plain = self.prompt == "calm"
        return f"{self.photo.stem}-{self.language}{'' if plain else '-moving'}"


def _clip(asked: _Asked, *, frozen: bool = False) -> Clip:
    name = asked.name
    voice, video, still = (KEPT / f"{name}{end}" for end in (".wav", ".mp4", "-frozen.mp4"))
    if not voice.exists() or not video.exists() or (frozen and not still.exists()):
        KEPT.mkdir(parents=True, exist_ok=True)
        _write(voice, _said(asked))
        _draw(asked, video, voice, still if frozen else None)
        print(f"{name}: drawn", flush=True)
    return Clip(name, asked.language, asked.held_out, video, voice, still if frozen else None)


def _draw(asked: _Asked, video: Path, voice: Path, still: Path | None) -> None:
    speech, seed = load(voice), crc32(video.stem.encode())
    effects = understand(asked.prompt)
    curves = animate(speech, listen(speech), effects, seed=seed, fps=FPS)
    photo = load_photo(asked.photo).rgb
    drawing = engines.get("mesh").prepare(photo, asked.size, asked.size, effects)
    if still is not None:
        held = {n: np.full_like(getattr(curves, n), getattr(curves, n)[0]) for n in _LIPS}
        short = still.with_suffix(".wav")
        _write(short, speech.samples[: round(_FROZEN * SAMPLE_RATE)])
        _encode(still, drawing.render(curves.with_(**held)), short, round(_FROZEN * FPS))
    _encode(video, drawing.render(curves), voice, len(curves))


def _encode(path: Path, pictures: Iterator[Image], voice: Path, most: int) -> None:
    first = next(pictures)
    shape = VideoFormat(first.shape[1], first.shape[0], FPS)
    part = path.with_suffix(".part.mp4")
    with Encoder(part, shape, audio=voice, carrier=_CARRIER) as encoder:
        for frame in islice(chain([first], pictures), most):
            encoder.write(frame)
    part.replace(path)


def _said(asked: _Asked) -> Samples:
    """Return some sentences of a half with pauses between, others for each clip."""
    draw = random.Random(asked.name)  # noqa: S311  the same sentences each time
    parts, total = [_silence(draw)], 0.0
    sentences = _sentences(asked.language, asked.held_out)
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

"""Voices for the mesh engine's benchmark: real readers in five languages, and spoken Japanese.

Each is a few sentences with pauses between. English has its text, so its sounds are aligned;
Japanese is spoken by espeak-ng, whose sounds are known to the millisecond. Only prompts that did
not fit the judge are used. A language that this machine cannot speak is left out with a word.

MESH_HALF=tuning takes the other half instead: prompts that did fit the judge, and other Japanese
sentences by another voice. An engine is changed by those, and counted on the held-out half.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

from generation.audio import SAMPLE_RATE, Phone, Speech, recognise
from tests.benchmarks.harness import BUILD, TUNING
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.readings import READERS, g722, recordings

FOLDER = BUILD.parent / "judge" / "voices"
JAPANESE = ("窓の前の花瓶に、紫の花が飾ってあります。", "皆さまのご参加をお待ちしております。")
JAPANESE_TUNING = (
    "本日は新しい部品についてご説明いたします。",
    "まもなく、皆で海辺の町へ向かいます。",
)
_SUFFIX = "-tuning" if TUNING else ""
_PAUSE = 0.7  # s before, between and after sentences
_SECONDS = 7.0  # of speech at least
_SENTENCE = (1.5, 4.5)  # s


@dataclass(frozen=True)
class Voice:
    """A voice track.

    Attributes:
        language: of two letters.
        text: what is said; "" where it is not needed.
        phones: its sounds, None where nobody knows them.
        path: of the WAV file.
    """

    language: str
    text: str
    phones: list[Phone] | None
    path: Path

    @property
    def speech(self) -> Speech:
        """Return the samples."""
        with wave.open(str(self.path), "rb") as file:
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return Speech(data.astype(np.float32) / 32768)


@cache
def voices() -> tuple[Voice, ...]:
    """Return the voices that this machine can make."""
    return tuple(_voices())


@cache
def heard(language: str) -> list[Phone]:
    """Return the sounds that the engine hears in a voice; recognised once."""
    return recognise(next(v for v in voices() if v.language == language).speech)


def _voices() -> Iterator[Voice]:
    for language in READERS:
        if any(recordings(language)):
            yield _read(language, _SECONDS)
        else:
            print(f"{language}: no asterisk-core-sounds-{language}(-g722): left out.")
    try:
        yield _spoken()
    except OSError:
        print("ja: no libespeak-ng1: left out.")


def _read(language: str, seconds: float) -> Voice:
    parts, texts, total = [_silence()], [], 0.0
    half = [r for r in recordings(language) if (crc32(r[0].encode()) % 2 == 1) == TUNING]
    for _, text, path in sorted(half, key=lambda r: -_telling(r[1])):
        speech = g722(path)
        if _SENTENCE[0] <= speech.seconds <= _SENTENCE[1]:
            parts += [speech.samples, _silence()]
            texts.append(text)
            total += speech.seconds
        if total >= seconds:
            break
    text = " ".join(texts) if language == "en" else ""
    path = _write(f"{language}-{seconds:.0f}{_SUFFIX}", np.concatenate(parts))
    return Voice(language, text, None, path)


def _telling(text: str) -> float:
    """Return how well a text shows closures and open vowels: both must occur to be counted."""
    letters = text.lower()
    closing = sum(letter in "pbm\u043f\u0431\u043c" for letter in letters)
    opening = sum(letter in "a\u00e0\u00e1\u0430" for letter in letters)
    return closing * opening / len(letters) ** 2


def _spoken() -> Voice:
    parts, phones = [_silence()], []
    for text in JAPANESE_TUNING if TUNING else JAPANESE:
        said = speak(text, "ja+f2" if TUNING else "ja")
        at = sum(part.size for part in parts) / SAMPLE_RATE
        phones += [Phone(p.symbol, p.start + at, p.end + at) for p in said.phones]
        parts += [said.speech.samples, _silence()]
    return Voice("ja", "", phones, _write(f"ja{_SUFFIX}", np.concatenate(parts)))


def _silence() -> np.ndarray:
    return np.zeros(int(_PAUSE * SAMPLE_RATE), np.float32)


def _write(name: str, samples: np.ndarray) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path

"""Voices for the mesh engine's benchmark: real readers in five languages, and spoken Japanese.

Each is a few sentences with pauses between, and each portrait that speaks a language has its own of
them: one sentence's chances would be a language's. English has its text, so its sounds are aligned;
Japanese is spoken by espeak-ng, whose sounds are known to the millisecond. Only prompts that fitted
neither the judge nor the engine's reading of lips are used. A language that this machine cannot
speak is left out with a word.

MESH_HALF=tuning takes the other half instead: prompts that did fit them, and other Japanese
sentences by another voice. An engine is changed by those, and counted on the held-out half.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from generation.audio import SAMPLE_RATE, Heard, Phone, Speech, listen
from generation.audio.speech import Samples
from tests.benchmarks.harness import BUILD, TUNING
from tests.benchmarks.judging.fit import texts as texts_of
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.readings import READERS, g722, recordings

FOLDER = BUILD.parent / "judge" / "voices"
JAPANESE = (
    ("窓の前の花瓶に、紫の花が飾ってあります。", "皆さまのご参加をお待ちしております。"),
    ("冷たい水を一杯飲んで、しばらく休みました。", "馬が草原をまっすぐに走っていきます。"),
    ("文房具は二階の売り場に並んでいます。", "また来週、同じ場所で会いましょう。"),
    ("夜空に浮かぶ星をぼんやり眺めていた。", "名前と番号を紙に書いてください。"),
    ("春の祭りには町中の人が集まります。", "お弁当の梅干しがすっぱかった。"),
    ("波の音を聞きながら浜辺を歩きました。", "先生は丸い眼鏡を鼻にかけている。"),
)
JAPANESE_TUNING = (
    ("本日は新しい部品についてご説明いたします。", "まもなく、皆で海辺の町へ向かいます。"),
    ("朝ごはんには温かい味噌汁を飲みます。", "孫と一緒に公園で遊んでいました。"),
    ("部長は午前中に会議へ出席します。", "雨の日は傘を忘れないでください。"),
    ("赤い花が庭にたくさん咲きました。", "来月から新しい店舗を始めます。"),
    ("母は毎晩、日記を書いています。", "この薬は食後に飲んでください。"),
    ("駅前の本屋で待ち合わせましょう。", "明後日までに返事をお願いします。"),
)
_SUFFIX = "-tuning" if TUNING else ""
_PAUSE = 0.7  # s before, between and after sentences
_SECONDS = 7.0  # of speech at least
_SENTENCE = (1.5, 4.5)  # s
_MOST = 8  # pieces of a language


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
        return _samples(self.path)


@cache
def voices(number: int = 0) -> tuple[Voice, ...]:
    """Return the voices that this machine can make, each with its piece of that number."""
    return tuple(_voices(number))


@cache
def heard(path: Path) -> Heard:
    """Return what the engine hears in a voice's file; listened to once."""
    return listen(_samples(path))


def _voices(number: int) -> Iterator[Voice]:
    for language in READERS:
        if any(recordings(language)):
            yield _read(language, number)
        else:
            print(f"{language}: no asterisk-core-sounds-{language}(-g722): left out.")
    try:
        yield _spoken(number)
    except OSError:
        print("ja: no libespeak-ng1: left out.")


def _read(language: str, number: int) -> Voice:
    pieces = _pieces(language)
    sounds, texts = pieces[number % len(pieces)]
    parts = [_silence(), *(part for sound in sounds for part in (sound, _silence()))]
    text = " ".join(texts) if language == "en" else ""
    return Voice(language, text, None, _write(f"{language}-{number}", np.concatenate(parts)))


@cache
def _pieces(language: str) -> list[tuple[list[Samples], list[str]]]:
    """Return what is read together: the prompts of this half that show most come first."""
    half = texts_of(language, held_out=not TUNING)
    found: list[tuple[list[Samples], list[str]]] = []
    sounds: list[Samples] = []
    texts: list[str] = []
    for _, text, path in sorted(half, key=lambda r: -_telling(r[1])):
        speech = g722(path)
        if not _SENTENCE[0] <= speech.seconds <= _SENTENCE[1]:
            continue
        sounds.append(speech.samples)
        texts.append(text)
        if sum(each.size for each in sounds) >= _SECONDS * SAMPLE_RATE:
            found.append((sounds, texts))
            sounds, texts = [], []
        if len(found) == _MOST:
            break
    return found or [(sounds, texts)]


def _telling(text: str) -> float:
    """Return how well a text shows closures and open vowels: both must occur to be counted."""
    letters = text.lower()
    closing = sum(letter in "pbm\u043f\u0431\u043c" for letter in letters)
    opening = sum(letter in "a\u00e0\u00e1\u0430" for letter in letters)
    return closing * opening / len(letters) ** 2


def _spoken(number: int) -> Voice:
    parts, phones = [_silence()], []
    pieces = JAPANESE_TUNING if TUNING else JAPANESE
    for text in pieces[number % len(pieces)]:
        said = speak(text, "ja+f2" if TUNING else "ja")
        at = sum(part.size for part in parts) / SAMPLE_RATE
        phones += [Phone(p.symbol, p.start + at, p.end + at) for p in said.phones]
        parts += [said.speech.samples, _silence()]
    return Voice("ja", "", phones, _write(f"ja-{number}", np.concatenate(parts)))


def _samples(path: Path) -> Speech:
    with wave.open(str(path), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return Speech(data.astype(np.float32) / 32768)


def _silence() -> np.ndarray:
    return np.zeros(int(_PAUSE * SAMPLE_RATE), np.float32)


def _write(name: str, samples: np.ndarray) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}{_SUFFIX}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path

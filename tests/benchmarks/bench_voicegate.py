"""The release gate's ear: how the approved voice correlates with what a render makes of it.

Real readers in five languages (see ``readings.py``), Japanese by espeak-ng; of each reader half a
minute of prompts in a row, and every sixteenth prompt by itself; and the sample speech, again and
again for a minute. Each goes the way of a render (resampled, marked, encoded by
:class:`~generation.media.sound.SoundTrack`) and is then compared as the gate does, every case with
a mark of its own: what a mark leaves before a loud beginning is another with each. Tampered sounds
take the same way. One line a case lies in build/bench/voicegate-details.json.
"""

from __future__ import annotations

import json
import tempfile
import wave
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import av
import numpy as np

from compliance.audiomark import AudioPattern, expand_audio
from compliance.media import VIDEO_FORMAT, sound_samples
from compliance.watermark import WatermarkKey
from generation.audio import SAMPLE_RATE, load
from generation.audio.speech import Samples
from generation.media.sound import SoundTrack, VoiceTrack
from rakkan.releases.services.voice import least_correlation
from tests.benchmarks.harness import BUILD, Figure
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.judging.voices import JAPANESE
from tests.benchmarks.readings import READERS, g722, recordings
from tests.benchmarks.samples import FIXTURES

KEY = WatermarkKey(bytes(range(32)))
SECONDS = 30.0
_TRIES = 2  # of each way to tamper, at other places
_MARKS, _MARKS_OF_SAMPLE = 4, 24  # that a sound is marked with by itself
_EACH = 16  # of all prompts one is taken
_BETWEEN = np.zeros(SAMPLE_RATE // 3, np.float32)

Sound = np.ndarray  # (channels, n) float32 at 16 kHz
Change = Callable[[Samples, np.random.Generator], Samples]


def measure() -> list[Figure]:
    """Measure right sounds and tampered ones; every case goes to a file beside."""
    cases = list(_cases())
    BUILD.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n"
    (BUILD / "voicegate-details.json").write_text(text, encoding="utf-8")
    figures = []
    for kind in dict.fromkeys(case["kind"] for case in cases):
        values = [case["correlation"] for case in cases if case["kind"] == kind]
        right = kind not in TAMPERED
        value = min(values) if right else max(values)
        note = f"{'least' if right else 'most'} of {len(values)} {'right' if right else 'tampered'}"
        spread = (min(values), max(values))
        figures.append(Figure(kind.replace(" ", "_"), value, "correlation", note, spread))
    return figures


def _cases() -> Iterator[dict[str, object]]:
    numbers = count()  # of the asset that each case is
    minute = np.tile(load(FIXTURES / "speech.wav").samples, 11)[None]
    for _ in range(_MARKS_OF_SAMPLE):
        yield _case(next(numbers), "en", SAMPLE, (minute, minute))
    for language, voice in readers():
        chance = np.random.default_rng(7)
        for kind, change in RIGHT.items():
            given = change(voice, chance)
            for _ in range(_MARKS if kind == AS_IT_IS else 1):
                yield _case(next(numbers), language, kind, (given, given))
        for kind, tamper in TAMPERED.items():
            for _ in range(_TRIES):
                tampered = tamper(voice, chance)[None]
                yield _case(next(numbers), language, kind, (voice[None], tampered))
    for language in READERS:
        for name, _, path in islice(recordings(language), 0, None, _EACH):
            sound = g722(path).samples[None]
            yield _case(next(numbers), language, PROMPT, (sound, sound)) | {"name": name}


def _case(
    number: int, language: str, kind: str, approved_and_given: tuple[Sound, Sound]
) -> dict[str, object]:
    approved, given = approved_and_given
    heard = rendered(given, expand_audio(KEY, f"{number:016x}"))
    worst = min(least_correlation(a, b) for a, b in zip(approved, heard, strict=True))
    return {"language": language, "kind": kind, "correlation": round(worst, 4), "asset": number}


def readers() -> Iterator[tuple[str, Samples]]:
    """Yield half a minute of each language: (n,) samples."""
    for language in READERS:
        parts: list[Samples] = []
        for _, _, path in recordings(language):
            parts += [g722(path).samples, _BETWEEN]
            if sum(part.size for part in parts) > SECONDS * SAMPLE_RATE:
                yield language, np.concatenate(parts)
                break
    said = [part for text in JAPANESE[0] for part in (speak(text, "ja").speech.samples, _BETWEEN)]
    yield "ja", np.concatenate(said)


def rendered(sound: Sound, pattern: AudioPattern) -> Sound:
    """Return what a release's sound is decoded to, marked with a pattern."""
    with tempfile.TemporaryDirectory() as folder:
        voice, video = Path(folder, "voice.wav"), Path(folder, "video.mp4")
        with wave.open(str(voice), "wb") as file:
            file.setparams((len(sound), 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes((np.clip(sound, -1, 1).T * 32767).astype("<i2").tobytes())
        with av.open(str(video), "w", format="mp4") as container:
            track = SoundTrack(container, VoiceTrack(voice, 600.0), pattern)
            for packet in track.rest():
                container.mux(packet)
        layout = "mono" if len(sound) == 1 else "stereo"
        return sound_samples(
            video, rate=SAMPLE_RATE, layout=layout, max_seconds=601, formats=VIDEO_FORMAT
        )


def _hiss(share: float) -> Callable[[Samples, np.random.Generator], Sound]:
    """Add white noise of a share of the voice's mean level."""
    return lambda voice, numbers: (voice + numbers.normal(0, share * _level(voice), voice.size))[
        None
    ].astype(np.float32)


def _two(voice: Samples, numbers: np.random.Generator) -> Sound:
    """Two microphones: the second farther away, each with hiss of its own."""
    other = 0.5 * np.roll(voice, 13)
    hiss = numbers.normal(0, 0.02 * _level(voice), (2, voice.size))
    return (np.stack([voice, other]) + hiss).astype(np.float32)


def _telephone(voice: Samples, _: np.random.Generator) -> Sound:
    """8 kHz in 8 bits, as ITU-T G.711 has it (mu-law)."""
    spectrum = np.fft.rfft(voice)
    spectrum[spectrum.size // 2 :] = 0
    low = np.clip(np.fft.irfft(spectrum, voice.size), -1, 1)
    coded = np.round(np.sign(low) * np.log1p(255 * np.abs(low)) / np.log(256) * 127) / 127
    wide = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return wide[None].astype(np.float32)


def _level(voice: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(voice, dtype=np.float64))))


def _places(voice: Samples, *, loud: bool) -> np.ndarray:
    """Return the first samples of the half of all quarter-seconds that is louder, or quieter."""
    whole = voice[: voice.size // 4000 * 4000].reshape(-1, 4000)
    order = np.argsort(np.square(whole).sum(axis=1))[1:-1]
    half = order.size // 2
    return 4000 * (order[half:] if loud else order[: half // 2])


def _replaced(seconds: float) -> Change:
    size = int(seconds * SAMPLE_RATE)

    def change(voice: Samples, numbers: np.random.Generator) -> Samples:
        to, source = (min(int(p), voice.size - size) for p in _two_places(voice, numbers))
        changed = voice.copy()
        changed[to : to + size] = voice[source : source + size]
        return changed

    return change


def _two_places(voice: Samples, numbers: np.random.Generator) -> np.ndarray:
    return numbers.choice(_places(voice, loud=True), 2, replace=False)


def _inserted(decibels: float) -> Change:
    """A quarter-second of speech in a quiet place, so much to the voice's mean level."""

    def change(voice: Samples, numbers: np.random.Generator) -> Samples:
        to = int(numbers.choice(_places(voice, loud=False)))
        source = int(numbers.choice(_places(voice, loud=True)))
        piece = voice[source : source + 4000]
        changed = voice.copy()
        changed[to : to + 4000] += piece * (_level(voice) * 10 ** (decibels / 20) / _level(piece))
        return changed

    return change


def _third(voice: Samples, _: np.random.Generator) -> Samples:
    part = voice.size // 3
    return np.concatenate([voice[:part], voice[part : 2 * part][::-1], voice[2 * part :]])


def _late(voice: Samples, _: np.random.Generator) -> Samples:
    half = voice.size // 2
    return np.concatenate([voice[:half], np.zeros(16, np.float32), voice[half:-16]])


def _as_it_is(voice: Samples, _: np.random.Generator) -> Sound:
    return voice[None]


AS_IT_IS, PROMPT, SAMPLE = "as it is", "one prompt", "the sample for a minute"
RIGHT: dict[str, Callable[[Samples, np.random.Generator], Sound]] = {
    AS_IT_IS: _as_it_is,
    "hiss 20 dB below": _hiss(0.1),
    "hiss 10 dB below": _hiss(0.316),
    "hiss as loud": _hiss(1.0),
    "telephone": _telephone,
    "quiet": lambda voice, numbers: (voice * 0.01)[None],
    "two channels": _two,
}
TAMPERED: dict[str, Change] = {
    "a third from back to front": _third,
    "half of it 1 ms late": _late,
    "word replaced": _replaced(0.33),
    "syllable replaced": _replaced(0.16),
    "80 ms replaced": _replaced(0.08),
    "50 ms replaced": _replaced(0.05),
    "inserted as loud": _inserted(0.0),
    "inserted 10 dB below": _inserted(-10.0),
    "inserted 20 dB below": _inserted(-20.0),
}

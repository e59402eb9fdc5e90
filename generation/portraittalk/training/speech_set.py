"""Real voices for the synthetic set: heard once, kept as curves' and networks' input."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import av
import numpy as np

from generation.audio import SAMPLE_RATE, Heard, Phone, Speech, listen, load, models
from generation.audio.speech import loudest_rms
from generation.faces.arrays import Floats
from generation.portraittalk.features import speech_features
from generation.portraittalk.training.shards import HELD_OUT, TRAIN

SECONDS = (2.4, 9.0)  # of an utterance that is taken
QUIETEST = 0.01  # of full scale, that the loudest 50 ms of an utterance reach at least
_KINDS = frozenset({".g722", ".wav", ".flac", ".ogg", ".mp3", ".m4a"})


@dataclass(frozen=True)
class Utterance:
    """One recording.

    Attributes:
        name: of the file, below the speaker's folder and without its ending.
        speaker: name of that folder.
        language: the part of it before the first "_".
        split: "train" or "held-out".
    """

    name: str
    speaker: str
    language: str
    split: str


@dataclass(frozen=True)
class Recording:
    """An utterance with all that is needed of it."""

    about: Utterance
    speech: Speech
    sounds: Heard
    features: Floats  # (n, SIZE) at 50 Hz


def split_of(speaker: str, name: str, held_out_speakers: frozenset[str]) -> str:
    """Return the split of a recording: whole speakers, and of others names of even CRC-32."""
    even = crc32(name.encode()) % 2 == 0
    return HELD_OUT if even or speaker in held_out_speakers else TRAIN


def choose(
    folders: list[Path], held_out_speakers: frozenset[str], wanted: dict[str, int]
) -> Iterator[tuple[Utterance, Path]]:
    """Yield recordings of speakers' folders, as many of each split and speaker as are wanted."""
    for folder in folders:
        speaker = folder.resolve().name
        counts = dict.fromkeys(wanted, 0)
        files = (p for p in folder.rglob("*") if p.suffix.lower() in _KINDS)
        for path in sorted(files, key=lambda p: crc32(b"order" + _name(p, folder).encode())):
            name = _name(path, folder)
            split = split_of(speaker, name, held_out_speakers)
            if counts[split] >= wanted[split] or not SECONDS[0] <= _length(path) <= SECONDS[1]:
                continue
            if loudest_rms(read(path).samples) < QUIETEST:  # recorded pauses
                continue
            counts[split] += 1
            yield Utterance(name, speaker, speaker.split("_")[0], split), path


def hear(about: Utterance, path: Path, kept: Path) -> Recording:
    """Return a recording with its sounds and features; what was heard once is kept."""
    ears = crc32(json.dumps(models()).encode())  # other weights hear otherwise
    file = kept / f"{about.speaker}-{crc32(about.name.encode()):08x}-{ears:08x}.npz"
    if not file.is_file():
        speech = read(path)
        sounds = listen(speech)
        samples = np.round(speech.samples * 32767).astype(np.int16)
        partial = file.with_suffix(".partial.npz")
        partial.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            partial,
            samples=samples,
            features=speech_features(speech),
            phones=json.dumps([(p.symbol, p.start, p.end) for p in sounds.phones]),
            mouth=sounds.mouth,
            about=json.dumps(asdict(about)),
        )
        partial.rename(file)
    with np.load(file) as found:
        speech = Speech(found["samples"].astype(np.float32) / np.float32(32767))
        phones = [Phone(*each) for each in json.loads(str(found["phones"]))]
        sounds = Heard(phones, found["mouth"])
        return Recording(about, speech, sounds, found["features"])


def read(path: Path) -> Speech:
    """Read a recording: what the product takes, and telephone systems' own G.722."""
    if path.suffix.lower() != ".g722":
        return load(path)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path), format="g722") as container:
        blocks = [
            out.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        ]
    return Speech(np.clip(np.concatenate(blocks), -1, 1))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _length(path: Path) -> float:
    if path.suffix.lower() == ".g722":  # 64 kbit a second, always
        return path.stat().st_size / 8000
    return read(path).seconds

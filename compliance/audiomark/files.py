"""The mark in the sound of a file, stretch by stretch, with bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from compliance.audiomark.detector import AudioDetector, Heard
from compliance.audiomark.grid import RATE, Real
from compliance.audiomark.search import AS_IS, SPEEDS, Sound, Speed
from compliance.media import SOUND_FORMATS, sound_blocks
from compliance.watermark.key import KeyRing, WatermarkKey

HOUR = 3600.0
KNOWN = 1e-6  # p-value up to which a known id is said to be in a sound
_STRETCH = 20 * RATE  # samples
_REST = 10 * RATE  # the last stretch is up to this much longer, so that none is short
_SHORTEST = RATE // 4


class AudioState(StrEnum):
    """Whether a mark was found."""

    FOUND = "found"  # an id was read and its CRC-32 holds
    WEAKLY = "found-weakly"  # it was not read, but the id that was asked for is in it: p_value
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class AudioDetection:
    """What was found in a sound.

    Attributes:
        state: see there.
        asset_id: 16 hexadecimal digits, None if nothing was found.
        others: ids that were read beside it.
        seconds: length of the sound.
        share: of the sound's energy, the part in stretches that carry ``asset_id``; 0 without.
        p_value: bound of the chance that the id asked for is seen in the likeliest stretch of a
            sound that does not carry it; 1 if none was asked for.
    """

    state: AudioState
    asset_id: str | None
    others: tuple[str, ...]
    seconds: float
    share: float
    p_value: float


def detect_sound(
    path: Path,
    keys: WatermarkKey | KeyRing,
    *,
    known: str | None = None,
    changed: bool = False,
    max_seconds: float = HOUR,
    formats: str = SOUND_FORMATS,
) -> AudioDetection:
    """Return what the first sound of a file carries.

    Args:
        path: a file with sound.
        keys: one of them it may have been marked with.
        known: an id that it may carry, from a manifest or a fingerprint; short or worn sound
            shows it when nothing can be read.
        changed: search for sound that was made faster or slower, too; some 30 times slower.
        max_seconds: more than this is refused.
        formats: FFmpeg's names of the containers that are let in.

    Raises:
        InvalidInput: there is no sound in the file, it breaks off or is longer than allowed, or
            ``known`` is not an asset id.
    """
    blocks = sound_blocks(
        path, rate=RATE, layout="stereo", max_seconds=max_seconds, formats=formats
    )
    return detect_blocks(blocks, keys, known=known, speeds=SPEEDS if changed else AS_IS)


def detect_blocks(
    blocks: Iterable[Real],
    keys: WatermarkKey | KeyRing,
    *,
    known: str | None = None,
    speeds: tuple[Speed, ...] = AS_IS,
) -> AudioDetection:
    """Return what sound at 16 kHz carries, as :func:`detect_sound`; blocks are (channels, n)."""
    detector = AudioDetector(keys)
    seen = [_see(detector, stretch, known, speeds) for stretch in _stretches(blocks)]
    read = [one.heard.asset_id for one in seen if one.heard is not None]
    p_value = min([1.0, *(one.p_value for one in seen)]) * max(1, len(seen))
    state, asset_id = AudioState.NOT_FOUND, None
    if read:
        state, asset_id = AudioState.FOUND, known if known in read else max(read, key=read.count)
    elif known is not None and p_value <= KNOWN:
        state, asset_id = AudioState.WEAKLY, known
    carrying = sum(one.energy for one in seen if asset_id and one.carries(asset_id, known))
    return AudioDetection(
        state,
        asset_id,
        others=tuple(sorted(set(read) - {asset_id})),
        seconds=sum(one.samples for one in seen) / RATE,
        share=carrying / max(sum(one.energy for one in seen), 1e-12),
        p_value=min(1.0, p_value),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """One stretch."""

    samples: int
    energy: float
    heard: Heard | None
    p_value: float  # of the known id; 1 if none was asked for

    def carries(self, asset_id: str, known: str | None) -> bool:
        if self.heard is not None:
            return self.heard.asset_id == asset_id
        return asset_id == known and self.p_value <= KNOWN


def _see(
    detector: AudioDetector, stretch: Real, known: str | None, speeds: tuple[Speed, ...]
) -> _Seen:
    sound = Sound(stretch)
    heard = detector.decode(sound, AS_IS) or detector.decode(sound, speeds)
    p_value = 1.0
    if known is not None:
        p_value = detector.test(sound, known, speeds).p_value
    return _Seen(stretch.shape[1], float(np.square(stretch).sum()), heard, p_value)


def _stretches(blocks: Iterable[Real]) -> Iterator[Real]:
    parts: list[Real] = []
    length = 0
    for block in blocks:
        parts.append(block)
        length += block.shape[1]
        if length >= _STRETCH + _REST:
            held = np.concatenate(parts, axis=1)
            yield held[:, :_STRETCH]
            parts, length = [held[:, _STRETCH:]], length - _STRETCH
    if length >= _SHORTEST:
        yield np.concatenate(parts, axis=1)

"""Faults planted into a video of known quality, each in three strengths: does the judge see them?

A clip is drawn once; most faults change its pictures or its sound, those of the lips its curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.evaluation.measures import Measure
from generation.evaluation.report import Case, Report, judge
from generation.evaluation.video import Format
from generation.evaluation.watched import Watched, watch
from generation.faces.arrays import Image
from generation.mesh import MeshEngine
from generation.motion import Curves

_LIPS = ("gap", "jaw", "wide", "round", "protrude", "tongue", "close", "labiodental")


@dataclass(frozen=True)
class Clip:
    """A clip and what it was made from.

    Attributes:
        engine: the prepared portrait.
        photo: of it.
        path: the photo's file.
        curves: that were drawn.
        speech: that was drawn from.
        phones: its sounds, None where they are not known.
        frames: the pictures.
        watched: what is seen of them.
    """

    engine: MeshEngine
    photo: Image
    path: Path
    curves: Curves
    speech: Speech
    phones: list[Phone] | None
    frames: list[Image]
    watched: Watched


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: as in the table.
        lowers: the measure that must get worse with its strength.
        strengths: three, growing.
        unit: of them.
        plant: clip and strength to pictures (None: the clip's own) and sound.
        leaves: measures that must not move, at the least strength, by more than their interval.
    """

    name: str
    lowers: str
    strengths: tuple[float, float, float]
    unit: str
    plant: Callable[[Clip, float], tuple[list[Image] | None, Speech]]
    leaves: tuple[str, ...] = ()


def make_clip(
    engine: MeshEngine, photo: tuple[Path, Image], speech: Speech, curves: Curves,
    phones: list[Phone] | None = None,
) -> Clip:  # fmt: skip
    """Draw a clip and look at it."""
    frames = list(engine.render(curves))
    watched = watch(frames, curves.fps, photo[1], len(frames))
    return Clip(engine, photo[1], photo[0], curves, speech, phones, frames, watched)


def judged(clip: Clip, fault: Fault | None = None, strength: float = 0.0) -> Report:
    """Judge a clip, or the clip with a fault; the sound clip is the reference."""
    pictures, speech = fault.plant(clip, strength) if fault else (None, clip.speech)
    watched = clip.watched
    if pictures is not None:
        watched = watch(pictures, clip.curves.fps, clip.photo, len(pictures))
    height, width = clip.frames[0].shape[:2]
    form = Format(width, height, clip.curves.fps, len(clip.frames) / clip.curves.fps, False)
    case = Case(clip.path, clip.path, phones=clip.phones)
    return judge(case, form, speech, watched, clip.watched)


def unmoved(found: Measure, base: Measure) -> bool:
    """Whether a measure moved by no more than its 95 % interval is wide."""
    low, high = base.interval
    return math.isclose(found.value, base.value) or abs(found.value - base.value) <= high - low


def late(clip: Clip, seconds: float) -> tuple[None, Speech]:
    """The sound comes earlier than the lips."""
    samples, step = clip.speech.samples, int(seconds * SAMPLE_RATE)
    return None, Speech(np.r_[samples[step:], np.zeros(step, np.float32)])


def other_sound(clip: Clip, share: float) -> tuple[None, Speech]:
    """The last part of the sound is another: its own, backwards and without its pauses."""
    samples = clip.speech.samples
    size, at = samples.size, int(samples.size * (1 - share))
    steps = samples[: size // 400 * 400].reshape(-1, 400)
    loud = np.abs(steps).max(1) > 0.1 * np.abs(samples).max()
    strange = np.resize(steps[loud].ravel()[::-1], size)
    return None, Speech(np.r_[samples[:at], strange[at:]].astype(np.float32))


def frozen(clip: Clip, share: float) -> tuple[list[Image], Speech]:
    """The lips rest for a share of the time: of each second, that part."""
    at = np.arange(len(clip.curves)) / clip.curves.fps
    moving = (at % 1.0) >= share
    tracks = {n: (getattr(clip.curves, n) * moving).astype(np.float32) for n in _LIPS}
    return list(clip.engine.render(clip.curves.with_(**tracks))), clip.speech


def never_shut(clip: Clip, least: float) -> tuple[list[Image], Speech]:
    """The lips never come nearer than so many cm while they speak."""
    shape = (getattr(clip.curves, name) for name in ("gap", "close", "labiodental"))
    talking = np.max(list(shape), axis=0) > 0.02
    gap = np.where(talking, np.maximum(clip.curves.gap, least), 0).astype(np.float32)
    none = np.zeros_like(gap)
    curves = clip.curves.with_(gap=gap, jaw=np.float32(0.75) * gap, close=none, labiodental=none)
    return list(clip.engine.render(curves)), clip.speech


def restless(clip: Clip, size: float) -> tuple[list[Image], Speech]:
    """The lips twitch in silence and in speech, by so many cm."""
    random = np.random.default_rng(0)
    gap = clip.curves.gap + size * np.abs(random.normal(size=len(clip.curves)))
    gap = gap.astype(np.float32)
    curves = clip.curves.with_(gap=gap, close=clip.curves.close * np.float32(0))
    return list(clip.engine.render(curves)), clip.speech


def jitter(clip: Clip, size: float) -> tuple[list[Image], Speech]:
    """Each picture is moved by a random bit, in thousandths of its width."""
    random = np.random.default_rng(0)
    high, wide = clip.frames[0].shape[:2]
    found = []
    for frame in clip.frames:
        x, y = random.normal(0, size * wide / 1000, 2)
        matrix = np.array([[1, 0, x], [0, 1, y]])
        moved = cv2.warpAffine(frame, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE)
        found.append(np.asarray(moved, np.uint8))
    return found, clip.speech


def flicker(clip: Clip, size: float) -> tuple[list[Image], Speech]:
    """Each picture is a random bit brighter or darker, in per cent."""
    random = np.random.default_rng(0)
    factors = 1 + random.normal(0, size / 100, len(clip.frames))
    found = [
        np.clip(np.rint(frame * factor), 0, 255).astype(np.uint8)
        for frame, factor in zip(clip.frames, factors, strict=True)
    ]
    return found, clip.speech


def blurred(clip: Clip, size: float) -> tuple[list[Image], Speech]:
    """Each picture is blurred, by thousandths of its width."""
    sigma = size * clip.frames[0].shape[1] / 1000
    found = [np.asarray(cv2.GaussianBlur(f, (0, 0), sigma), np.uint8) for f in clip.frames]
    return found, clip.speech


def reshaped(clip: Clip, size: float) -> tuple[list[Image], Speech]:
    """It is somebody else: the face is narrower by so many per cent, in every picture."""
    high, wide = clip.frames[0].shape[:2]
    factor = 1 - size / 100
    matrix = np.array([[factor, 0, (1 - factor) * wide / 2], [0, 1, 0]])
    found = [
        np.asarray(cv2.warpAffine(f, matrix, (wide, high), borderMode=cv2.BORDER_REFLECT), np.uint8)
        for f in clip.frames
    ]
    return found, clip.speech


def swapped(other: MeshEngine) -> Callable[[Clip, float], tuple[list[Image], Speech]]:
    """Somebody else speaks for the last part of the clip."""

    def plant(clip: Clip, share: float) -> tuple[list[Image], Speech]:
        at = int(len(clip.frames) * (1 - share))
        strange = list(other.render(clip.curves))[at:]
        return [*clip.frames[:at], *strange], clip.speech

    return plant


_PICTURE = ("identity_mean", "jerk", "flicker", "face_blur")
_VOICE = ("r_judge", "r_log_energy", "closure")
FAULTS = (
    Fault("sound early", "r_judge", (0.08, 0.16, 0.32), "s", late, _PICTURE),
    Fault("sound early: lag", "lag_judge", (0.08, 0.16, 0.32), "s", late, _PICTURE),
    Fault("another sound", "r_judge", (0.5, 0.75, 1.0), "of the clip", other_sound, _PICTURE),
    Fault("frozen lips", "r_judge", (0.4, 0.7, 1.0), "of the time", frozen, _PICTURE[2:]),
    Fault(
        "frozen lips: vowels", "open_vowels", (0.4, 0.7, 1.0), "of the time", frozen, _PICTURE[2:]
    ),
    Fault("lips never shut", "closure", (0.15, 0.3, 0.45), "cm", never_shut, ("flicker", "jerk")),
    Fault(
        "restless lips",
        "lip_speed_silence",
        (0.05, 0.1, 0.2),
        "cm",
        restless,
        ("face_blur", "jerk"),
    ),
    Fault("jitter", "jerk", (1.0, 2.0, 4.0), "1/1000 width", jitter, (*_VOICE, "identity_mean")),
    Fault("flicker", "flicker", (1.0, 2.0, 4.0), "%", flicker, (*_VOICE, "identity_mean", "jerk")),
    Fault("blur", "face_blur", (2.0, 4.0, 8.0), "1/1000 width", blurred, (*_VOICE, "jerk")),
    Fault("another face", "identity_mean", (5.0, 10.0, 20.0), "% narrower", reshaped, _VOICE),
)


def with_swap(other: MeshEngine) -> Iterator[Fault]:
    """Yield all faults, and one that needs another face."""
    yield from FAULTS
    plant = swapped(other)
    yield Fault("another person", "identity_mean", (0.33, 0.67, 1.0), "of the clip", plant, ())


def named(name: str) -> Fault:
    """Return a fault by its name."""
    return next(fault for fault in FAULTS if fault.name == name)

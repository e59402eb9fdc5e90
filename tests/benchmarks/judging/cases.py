"""Held-out faces that speak: rendered as the product does, marks and all, and judged.

PORTRAITS names the folder of photos. Names with an odd number are held out, and so is the sample
portrait; even ones are for tuning and shown only with MESH_HALF=tuning, which also takes other
sentences (``voices.py``). A result is kept for the version of the sources it came from, so that a
measurement may be interrupted and taken up again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from compliance.carrier import Carrier
from compliance.watermark import WatermarkKey
from generation import engines
from generation.audio import models
from generation.evaluation.movement import blinks
from generation.evaluation.report import Case, Report, evaluate
from generation.evaluation.video import frames
from generation.faces.arrays import Image
from generation.media.encoder import Encoder, VideoFormat
from generation.media.photo import load_photo
from generation.motion.speaking import animate
from generation.prompt import understand
from generation.resident import landmarker
from tests.benchmarks.harness import BUILD, TUNING
from tests.benchmarks.judging.voices import Voice, heard, voices
from tests.benchmarks.kept import kept
from tests.benchmarks.samples import FIXTURES, FPS, SIZE

KEPT = BUILD.parent / "judge" / "cases"
SHEETS = BUILD / "mesh-sheets"
EACH = int(os.environ.get("MESH_VOICES", "2"))  # voices of each portrait
MOST = int(os.environ.get("MESH_PORTRAITS", "1000"))
TOOTHY = 0.25  # cm between the inner lips of the photo, from which teeth are likely to show
CARRIER = Carrier.of(WatermarkKey(bytes(range(32))), "00c0ffee00c0ffee")
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Face:
    """A held-out portrait."""

    photo: Path
    toothy: bool


def portraits() -> list[Face]:
    """Return the held-out portraits, or those for tuning."""
    named = os.environ.get("PORTRAITS")
    photos = [p for p in sorted(Path(named).glob("*.*")) if _odd(p) != TUNING] if named else []
    photos = photos[:MOST] if TUNING else [*photos[: MOST - 1], FIXTURES / "portrait.png"]
    return [Face(p, landmarker().only(load_photo(p).rgb).mouth_gap() > TOOTHY) for p in photos]


def _odd(photo: Path) -> bool:
    return photo.stem[-1:].isdigit() and int(photo.stem[-1]) % 2 == 1


def cases() -> Iterator[dict[str, Any]]:
    """Yield what is found for each portrait with its share of the voices, in turn."""
    sources = _sources()
    count = len(voices())
    turns: Counter[int] = Counter()
    for index, face in enumerate(portraits()):
        for turn in range(min(EACH, count)):
            at = (index + turn * max(1, count // EACH)) % count
            yield _kept(face, voices(turns[at])[at], index, sources)
            turns[at] += 1


def _sources() -> bytes:
    """Return a digest of all that a result depends on, besides photo and voice."""
    digest = hashlib.sha256()
    for folder in ("faces", "mesh", "motion", "media", "audio", "evaluation", "prompt"):
        for path in sorted((_ROOT / "generation" / folder).glob("*.py")):
            digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    digest.update(json.dumps(models()).encode())
    return digest.digest()


def _kept(face: Face, voice: Voice, seed: int, sources: bytes) -> dict[str, Any]:
    content = sources + face.photo.read_bytes() + voice.path.read_bytes()
    path = KEPT / f"{hashlib.sha256(content).hexdigest()[:16]}.json"
    return kept(path, lambda: _measured(face, voice, seed))


def _measured(face: Face, voice: Voice, seed: int) -> dict[str, Any]:
    name = f"{face.photo.stem}-{voice.language}"
    KEPT.mkdir(parents=True, exist_ok=True)
    video = KEPT / f"{name}.mp4"
    curves = animate(voice.speech, heard(voice.path), understand("calm"), seed=seed, fps=FPS)
    drawing = engines.get("mesh").prepare(load_photo(face.photo).rgb, SIZE, SIZE)
    size = VideoFormat(SIZE, SIZE, FPS)
    with Encoder(video, size, audio=voice.path, carrier=CARRIER) as encoder:
        for frame in drawing.render(curves):
            encoder.write(frame)
    case = Case(video, face.photo, voice.path, text=voice.text, phones=voice.phones)
    report = evaluate(case)
    gap, commanded = report.watched.gap, np.asarray(curves.gap, np.float64)
    size_both = min(gap.size, commanded.size)
    both = np.isfinite(gap[:size_both])
    asked = np.corrcoef(gap[:size_both][both], commanded[:size_both][both])[0, 1]
    _sheet(name, report)
    video.unlink()
    values = {each.name: each.value for each in report.measures().values()}
    return {
        "name": name,
        "portrait": face.photo.stem,
        "language": voice.language,
        "toothy": face.toothy,
        "known_sounds": report.heard.source == "aligned",
        "values": values | {"commanded_r": float(asked)},
    }


def _sheet(name: str, report: Report) -> None:
    """Write twelve frames that show what can go wrong: ends of the mouth, a blink, turned heads."""
    watched, heard_there = report.watched, report.heard
    picks: dict[int, str] = {0: "first", int(np.nanargmax(watched.gap)): "widest"}
    for label, marks in (("p b m", heard_there.closed), ("open vowel", heard_there.open)):
        at = np.flatnonzero(marks)
        for index in at[[len(at) // 3, 2 * len(at) // 3]] if at.size > 2 else at:
            picks.setdefault(int(index), label)
    for start, end in blinks(watched)[:1]:
        for offset, label in ((start - 1, "closing"), ((start + end) // 2, "blink")):
            picks.setdefault(max(0, offset), label)
    for column, label in ((0, "yaw"), (1, "pitch")):
        picks.setdefault(int(np.nanargmax(np.abs(watched.pose[:, column]))), label)
    for index in np.linspace(10, watched.gap.size - 10, 12).astype(int):
        if len(picks) < 12:
            picks.setdefault(int(index), "")
    shown: list[Image] = []
    for index, picture in enumerate(frames(report.case.video)):
        if index in picks:
            said = f"{index} {picks[index]} gap {watched.gap[index]:.2f}"
            shown.append(_captioned(picture, said))
    rows = [np.hstack(shown[at : at + 4]) for at in range(0, len(shown) // 4 * 4, 4)]
    SHEETS.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(SHEETS / f"{name}.jpg"), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _captioned(picture: Image, text: str) -> Image:
    canvas = Picture.fromarray(picture)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(18)
    draw.text((8, 6), text, "white", font, stroke_width=2, stroke_fill="black")
    return np.asarray(canvas, np.uint8)

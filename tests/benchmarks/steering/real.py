"""One photo of a real person whom no training saw: what the small model makes of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from generation.audio import load
from generation.evaluation.synchrony import moving, shifts
from generation.evaluation.watched import watch
from generation.motion.speaking import from_speech
from generation.portraittalk.clip import Clip
from generation.portraittalk.driving import Sitter, SpokenDrive, portraits_of
from generation.portraittalk.features import speech_features
from generation.portraittalk.structure_drawing import mouth_opening
from generation.portraittalk.training.vae_check import enlarged
from generation.prompt import PromptEffects
from tests.benchmarks.samples import FIXTURES
from tests.benchmarks.steering.held_out import Engine
from tests.benchmarks.steering.measured import FPS
from tests.benchmarks.steering.sheets import strip


def measured(engine: Engine, file: Path) -> dict[str, tuple[float, str, str]]:
    """Draw the sample portrait with the sample voice; returns figures, and writes a strip."""
    with Image.open(FIXTURES / "portrait.png") as opened:
        photo = np.asarray(opened.convert("RGB"))
    sitter = Sitter.of(photo)
    speech = load(FIXTURES / "speech.wav")
    curves = from_speech(speech, PromptEffects(), seed=1)
    drive = SpokenDrive(sitter, curves, speech_features(speech), mouth=False)
    clip = Clip("a calm person", portraits_of([sitter]), drive)
    drawn = engine.pipeline(clip, engine.sampling, torch.Generator().manual_seed(0)).frames
    strip(sitter.picture, drawn, file)
    large = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    watched = watch(map(enlarged, drawn), FPS, np.asarray(large, np.uint8))
    asked = mouth_opening(sitter.geometry.moved(curves)).astype(float)
    found = shifts(moving(watched.gap), asked[: len(drawn)], FPS)
    whom = "the public-domain portrait"
    return {
        "real_sync": (float(found.r.max()), "r", f"{whom}, lips with the curve"),
        "real_lag": (found.lag, "frames", "where they fit best"),
        "real_identity": (float(watched.distances[:, 1].mean()), "L2", f"{whom}; 0.6 is another"),
    }

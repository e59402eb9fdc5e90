"""Whether a photo can be made to speak."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compliance.permit import Finding, MeasureResult, Verdict
from generation.errors import PortraitError
from generation.faces import Face
from generation.faces.age import looks_aged
from generation.faces.arrays import Image
from generation.faces.embedding import face_chip
from generation.gate.appearance import Appearance
from generation.gate.covering import mouth_covered
from generation.gate.findings import Limits, because, finding, result, unreadable
from generation.gate.likeness import Foretold, foretell
from generation.gate.trial import TRIAL_LIMITS, tried
from generation.media.photo import MAX_PIXELS, load_photo
from generation.resident import landmarker

# Where these limits come from, and how well they tell what fails: docs/photo-gate.md.
_NEVER = float("inf")
_FACE_HEIGHT = Limits("face-height", "px", warn=200, reject=30)
_BLUR = Limits("blur", "of 1", warn=0.7, reject=_NEVER)
_DETAIL = Limits("face-detail", "px", warn=170, reject=-_NEVER)
_YAW = Limits("yaw", "degrees", warn=15, reject=30)
_PITCH = Limits("pitch", "degrees", warn=15, reject=27)
_ROLL = Limits("roll", "degrees", warn=20, reject=90)
_MOUTH_GAP = Limits("mouth-gap", "cm", warn=0.25, reject=_NEVER)
# Judged by the face's highlights and shadows, never by its mean: dark skin is not a dark photo.
_DARK = Limits("brightness", "level", warn=80, reject=55)
_BRIGHT = Limits("brightness", "level", warn=215, reject=240)
_OUTSIDE = Limits("face-inside", "fraction outside", warn=0.0, reject=0.4)
_CONTRAST = Limits("contrast", "level", warn=45, reject=22)
_CLIPPED = Limits("clipped", "of the face", warn=0.08, reject=0.8)
_SIDE_LIGHT = Limits("side-light", "stops", warn=2.2, reject=3.8)
_CAST = Limits("colour-cast", "degrees", warn=10, reject=_NEVER)
_BLOCKS = Limits("compression", "times", warn=1.8, reject=_NEVER)
_NOISE = Limits("noise", "level", warn=9, reject=_NEVER)
_EYES = Limits("eyes-covered", "of the cheeks'", warn=0.45, reject=-_NEVER)
_MOUTH = Limits("mouth-covered", "chance", warn=0.1, reject=_NEVER)
_LIKENESS = Limits("likeness", "distance", warn=0.33, reject=0.375)
_DRAWING = Limits("drawing", "of the face", warn=0.45, reject=_NEVER)
_NO_COLOUR = Limits("no-colour", "chroma", warn=5, reject=-_NEVER)
_PATTERN = Limits("screen", "times", warn=24, reject=_NEVER)
_AGE = Limits("age", "years", warn=23, reject=-_NEVER)
PORTRAIT_LIMITS = (
    *(_FACE_HEIGHT, _BLUR, _DETAIL, _YAW, _PITCH, _ROLL, _MOUTH_GAP, _DARK, _BRIGHT, _OUTSIDE),
    *(_CONTRAST, _CLIPPED, _SIDE_LIGHT, _CAST, _BLOCKS, _NOISE, _EYES, _MOUTH),
    *(_DRAWING, _NO_COLOUR, _PATTERN, _AGE, _LIKENESS, *TRIAL_LIMITS),
)
_NATIVE = 0.6  # of the pixels: cameras smooth what they save


def check_portrait(path: Path) -> MeasureResult:
    """Measure a photo; a file that is no picture is a finding, not an error.

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    try:
        photo = load_photo(path)
    except PortraitError as error:
        return unreadable(error.code, str(error))
    height, width = photo.rgb.shape[:2]
    faces = landmarker().faces(photo.rgb)
    facts = {
        "readable": True,
        "format": photo.format,
        "width": width,
        "height": height,
        "faces": len(faces),
    }
    findings = [
        finding("portrait-unreadable", Verdict.USABLE),
        finding("portrait-too-large", Verdict.USABLE, width * height, MAX_PIXELS, "px"),
        _one_face(len(faces)),
    ]
    if len(faces) == 1:
        seen = Appearance.of(photo.rgb, faces[0])
        findings += face_findings(photo.rgb, faces[0], seen)
        foretold = _foretold(face_chip(photo.rgb, faces[0].points), seen, findings)
        findings.append(_likeness(foretold, findings))
        if all(each.verdict is not Verdict.UNUSABLE for each in findings):
            # a second, which a lost photo is not worth
            findings += tried(photo.rgb, faces[0], foretold.distance)
    return result(findings, facts)


def _one_face(count: int) -> Finding:
    verdict = Verdict.USABLE if count == 1 else Verdict.UNUSABLE
    return finding("faces", verdict, count, 1, "faces")


def face_findings(rgb: Image, face: Face, seen: Appearance) -> list[Finding]:
    """Judge a face of a photo (H, W, 3) uint8 RGB by itself."""
    pose = face.pose()
    return [
        _FACE_HEIGHT.judge(face.height),
        _YAW.judge(abs(pose.yaw)),
        _PITCH.judge(abs(pose.pitch)),
        _ROLL.judge(abs(pose.roll)),
        _MOUTH_GAP.judge(face.mouth_gap()),
        _OUTSIDE.judge(_outside(rgb, face)),
        _lighting(rgb, face),
        *_appearance_findings(seen),
        _AGE.judge(round(looks_aged(rgb, face))),
    ]


def _foretold(chip: Image, seen: Appearance, findings: list[Finding]) -> Foretold:
    values = {each.check: each.value for each in findings if each.value is not None}
    return foretell(chip, seen, values)


def _likeness(foretold: Foretold, findings: list[Finding]) -> Finding:
    """Judge whether the video's face will be the person's, and say what speaks against it."""
    doubted = {each.check for each in findings if each.verdict is not Verdict.USABLE}
    return because(_LIKENESS.judge(foretold.distance), foretold.reason(doubted))


def _appearance_findings(seen: Appearance) -> list[Finding]:
    return [
        _BLUR.judge(seen.blur()),
        _enlarged(seen),
        _CONTRAST.judge(seen.contrast()),
        _CLIPPED.judge(seen.clipped()),
        _SIDE_LIGHT.judge(seen.side_light()),
        _CAST.judge(seen.colour_cast()),
        _BLOCKS.judge(seen.blocks()),
        _NOISE.judge(seen.texture()),
        _EYES.judge(seen.eyes()),
        _MOUTH.judge(mouth_covered(seen)),
        _DRAWING.judge(seen.flatness()),
        _NO_COLOUR.judge(seen.chroma()),
        _PATTERN.judge(seen.pattern()),
    ]


def _enlarged(seen: Appearance) -> Finding:
    """Judge how much detail there is, where that is less than the pixels would hold."""
    detail = seen.detail()
    if detail > _NATIVE * seen.height:  # a small face is said by its height
        return finding(_DETAIL.check, Verdict.USABLE, detail, _DETAIL.warn, _DETAIL.unit)
    return _DETAIL.judge(detail)


def _outside(rgb: NDArray[np.uint8], face: Face) -> float:
    """Return the part of the landmarks that lie beyond the picture's edge, 0..1."""
    size = np.array(rgb.shape[1::-1])
    beyond = (face.points[:, :2] < 0) | (face.points[:, :2] > size - 1)
    return float(beyond.any(1).mean())


def _lighting(rgb: NDArray[np.uint8], face: Face) -> Finding:
    """Judge the luma (0..255) of the face's brightest and darkest parts."""
    low = np.maximum(face.points[:, :2].min(0), 0).astype(int)
    high = np.maximum(face.points[:, :2].max(0).astype(int), low + 1)
    luma = rgb[low[1] : high[1], low[0] : high[0]] @ np.array([0.2126, 0.7152, 0.0722])
    shadow, highlight = (float(v) for v in np.percentile(luma, (25, 95))) if luma.size else (0, 0)
    dark = _DARK.judge(highlight)
    return dark if dark.verdict is not Verdict.USABLE else _BRIGHT.judge(shadow)

"""The whole judgement: recording, portrait and challenge in, findings for a reviewer out.

Numbered as in docs/identity-check.md. 1 to 9 are decisive: one that fails makes the recording
unusable. 10 to 12 are hints. All of them together are liveness signals; a drawn face that is good
enough, fed in place of a camera, passes them all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compliance.permit import Challenge, Finding, MeasureResult, Verdict
from generation import weights
from generation.errors import PortraitError
from generation.faces import FaceLandmarker
from generation.faces.arrays import Floats, Image
from generation.faces.embedding import MANIFEST, WEIGHTS, FaceEmbedder, distance
from generation.gate.findings import Limits, finding, result, unreadable
from generation.identity.actions import Performed, judge_actions
from generation.identity.clip import CODECS, ClipError
from generation.identity.copies import alike, structure
from generation.identity.depth import least_depth
from generation.identity.replay import evenness, frozen, repetition, surroundings
from generation.identity.track import RATE, Track, Tracker
from generation.media.photo import load_photo
from generation.resident import embedder, landmarker

VERSION = "1"
ROLES = frozenset({"clip", "portrait", "challenge"})
_LEAST_EMBEDDINGS = 5

_MATCH = Limits("portrait-match", "distance", warn=0.40, reject=0.50)
_SAME = Limits("clip-one-person", "distance", warn=0.45, reject=0.55)
_FOUND = Limits("clip-face-found", "part found", warn=0.95, reject=0.85)
_RATE = Limits("clip-rate", "pictures/s", warn=0.95 * RATE, reject=8.0)
_DEPTH = Limits("turn-depth", "% of height", warn=1.6, reject=1.2)
_REPEATS = Limits("clip-repeats", "of motion", warn=0.25, reject=0.12)
_FROZEN = Limits("clip-frozen", "part found", warn=0.05, reject=0.5)
_COPY = Limits("clip-is-portrait", "correlation", warn=0.85, reject=0.93)
_STILL = Limits("clip-still", "grey levels", warn=0.6, reject=-1.0)  # a hint only
_EVEN = Limits("clip-clock", "unevenness", warn=0.002, reject=-1.0)  # a hint only

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Portrait:
    """What the face of a portrait is compared by; it never leaves the worker's memory."""

    embedding: Floats
    structure: Floats


def check_identity(inputs: Mapping[str, Path], progress: Progress) -> MeasureResult:
    """Judge a recording against the portrait and the challenge.

    Args:
        inputs: "clip", "portrait" and "challenge" (JSON), already checked against the permit.
        progress: called with (0..1, stage) for every picture; raises to stop.

    Raises:
        InvalidInput: the challenge is none.
        WeightsInvalid: the networks are not the pinned ones.
    """
    challenge = Challenge.from_dict(json.loads(inputs["challenge"].read_bytes()))
    find, embed = landmarker(), embedder()
    try:
        wanted = portrait_of(load_photo(inputs["portrait"]).rgb, find, embed)
        tracker = Tracker(find, embed)
        track = tracker.read(
            inputs["clip"], lambda part: progress(part, "watching"), challenge.seconds
        )
    except ClipError as error:
        return unreadable("clip-unreadable", str(error))
    except PortraitError as error:
        return unreadable("portrait-unreadable", str(error))
    return judge(track, wanted, challenge)


def judge(track: Track, wanted: Portrait, challenge: Challenge) -> MeasureResult:
    """Judge what was seen in a recording."""
    performed = judge_actions(track, challenge)
    findings = [
        *_whole(track, challenge),  # 1
        *_people(track, wanted),  # 2 to 5
        *_actions(performed),  # 6 and 7
        *_depth(track, challenge),  # 8
        *_replay(track),  # 9
        *_hints(track),  # 10 to 12
    ]
    return result(findings, _facts(track, performed, wanted))


def portrait_of(rgb: Image, find: FaceLandmarker, embed: FaceEmbedder) -> Portrait:
    """Return what the one face of a photo (H, W, 3) uint8 is compared by.

    Raises:
        PortraitError: it shows no face, or more than one.
    """
    face = find.only(rgb)
    return Portrait(embed(rgb, face), structure(rgb, face.points))


def _whole(track: Track, challenge: Challenge) -> list[Finding]:
    """1: the recording is as long as asked and dense enough to judge."""
    lasts = track.times[-1] if track.times else 0.0
    enough = lasts >= challenge.prompts[-1].end
    verdict = Verdict.USABLE if enough else Verdict.UNUSABLE
    rate = len(track.seen) / lasts if lasts else 0.0
    return [
        finding("clip-unreadable", Verdict.USABLE),
        finding("clip-length", verdict, lasts, challenge.prompts[-1].end, "s"),
        _RATE.judge(rate),
    ]


def _people(track: Track, wanted: Portrait) -> list[Finding]:
    """2: one face, all the time. 3: the same one. 4: that of the portrait. 5: not its copy."""
    one = Verdict.USABLE if track.most_faces == 1 else Verdict.UNUSABLE
    found = [finding("clip-faces", one, track.most_faces, 1, "faces"), _FOUND.judge(track.found)]
    if len(track.embeddings) < _LEAST_EMBEDDINGS:
        return [*found, finding("portrait-match", Verdict.UNUSABLE)]
    spread, match = _distances(track, wanted)
    copy = float(np.median([alike(s, wanted.structure) for s in track.structures]))
    return [*found, _SAME.judge(spread), _MATCH.judge(match), _COPY.judge(copy)]


def _distances(track: Track, wanted: Portrait) -> tuple[float, float]:
    """Return how far nearly all faces are from the clip's middle one, and it from the portrait."""
    middle = np.median(track.embeddings, axis=0)
    spread = float(np.quantile([distance(e, middle) for e in track.embeddings], 0.9))
    return spread, float(np.median([distance(e, wanted.embedding) for e in track.embeddings]))


def _actions(performed: list[Performed]) -> list[Finding]:
    """6: each action was seen. 7: in its own time, and nothing else in it."""
    found = []
    for p in performed:
        verdict = Verdict.USABLE if p.done else Verdict.UNUSABLE
        check = f"action-{p.prompt.action}"
        found.append(finding(check, verdict, p.peak, p.least, p.unit))
    late = [p for p in performed if not p.in_time]
    timing = Verdict.UNUSABLE if late else Verdict.USABLE
    others = sum(len(p.others) for p in performed)
    order = Verdict.UNUSABLE if others else Verdict.USABLE
    return [
        *found,
        finding("action-timing", timing, len(late), 0, "actions"),
        finding("action-order", order, others, 0, "actions"),
    ]


def _depth(track: Track, challenge: Challenge) -> list[Finding]:
    """8: what turned was not flat (every challenge has a turn)."""
    depth = least_depth(track, challenge)
    return [finding("turn-depth", Verdict.UNUSABLE) if depth is None else _DEPTH.judge(depth)]


def _replay(track: Track) -> list[Finding]:
    """9: no stretch of it repeats or stands still."""
    again = repetition(track)
    repeats = [] if again is None else [_REPEATS.judge(again)]
    return [_FROZEN.judge(frozen(track)), *repeats]


def _hints(track: Track) -> list[Finding]:
    """10: something moves around the head. 11: the clock is a camera's. 12: a browser wrote it."""
    unusual = track.container.codec not in CODECS or track.container.writer.startswith("Lavf")
    around, even = surroundings(track), evenness(track)
    return [
        *([] if around is None else [_STILL.judge(around)]),
        *([] if even is None else [_EVEN.judge(even)]),
        finding("clip-writer", Verdict.WARNINGS if unusual else Verdict.USABLE),
    ]


def _facts(track: Track, performed: list[Performed], wanted: Portrait) -> dict[str, Any]:
    spread, match = _distances(track, wanted) if track.embeddings else (None, None)
    return {
        "readable": True,
        "engine_version": VERSION,
        "liveness": "signals, not certified presentation attack detection",
        "models": weights.digests("face_landmarker.task", WEIGHTS, MANIFEST),
        "container": asdict(track.container),
        "pictures": len(track.times),
        "pictures_looked_at": len(track.seen),
        "faces_compared": len(track.embeddings),
        "distance_to_portrait": None if match is None else round(match, 3),
        "distance_within": None if spread is None else round(spread, 3),
        "actions": [p.to_dict() for p in performed],
    }

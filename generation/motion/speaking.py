"""From a voice track and a prompt to the curves that an engine draws."""

import numpy as np

from generation.audio import Heard, Speech, listen
from generation.motion.curves import Curves
from generation.motion.idle import blinks, breaths, glances, wander
from generation.motion.lips import lips
from generation.motion.prosody import Prosody, nods, prosody
from generation.motion.timeline import Timeline, Track, smooth, timeline
from generation.prompt import PromptEffects

_BREATH = 0.30  # cm the shoulders rise in a full breath while speaking
_MOST_DEGREES = 12.0  # the mesh engine's warp holds to about here


def from_speech(speech: Speech, effects: PromptEffects, *, seed: int, fps: float = 25.0) -> Curves:
    """Hear what is said and return the movement for it; the same inputs give the same curves.

    Raises:
        WeightsInvalid: what listens is not the pinned one.
    """
    return animate(speech, listen(speech), effects, seed=seed, fps=fps)


def animate(
    speech: Speech, heard: Heard, effects: PromptEffects, *, seed: int, fps: float = 25.0
) -> Curves:
    """Return the movement for a voice that was already heard."""
    line = timeline(speech, fps)
    emphasis = prosody(line)
    rng = np.random.default_rng(seed)
    tracks = vars(lips(heard, line, effects.openness)) | _head(rng, line, emphasis, effects)
    tracks |= _upper_face(rng, line, emphasis, effects)
    # Apart, so that how often somebody blinks does not decide where they look.
    aside = glances(np.random.default_rng([seed, 2]), line.times)
    tracks["gaze"] = aside * effects.glancing + effects.look
    tracks |= _body(np.random.default_rng([seed, 1]), line, tracks, effects)
    return Curves(
        **{name: line.sample(track).astype(np.float32) for name, track in tracks.items()}, fps=fps
    )


def _head(
    rng: np.random.Generator, line: Timeline, emphasis: Prosody, effects: PromptEffects
) -> dict[str, Track]:
    """Idle pose, livelier while speaking, with nods on stressed syllables."""
    size, lively = line.times.size, effects.movement * (0.5 + 0.7 * emphasis.activity)
    yaw = wander(rng, size, 0.55, 2.3) * lively * effects.turning
    pitch = wander(rng, size, 0.45, 1.1) * lively + 4.0 * effects.movement * emphasis.accent
    pitch += 5.0 * effects.nods * nods(emphasis, line.times)
    roll = wander(rng, size, 0.6, 1.1) * lively + effects.tilt
    shift_y = wander(rng, size, 0.8, 0.04) - 0.05 * emphasis.accent
    return {
        "yaw": np.clip(yaw + effects.yaw, -_MOST_DEGREES, _MOST_DEGREES),
        "pitch": np.clip(pitch + effects.pitch, -_MOST_DEGREES, _MOST_DEGREES),
        "roll": np.clip(roll, -_MOST_DEGREES, _MOST_DEGREES),
        "shift_x": wander(rng, size, 0.8, 0.09) * effects.movement,
        "shift_y": shift_y * effects.movement,
    }


def _upper_face(
    rng: np.random.Generator, line: Timeline, emphasis: Prosody, effects: PromptEffects
) -> dict[str, Track]:
    size = line.times.size
    lifted = np.clip(smooth(emphasis.accent, 0.050) * 1.3 * effects.movement, 0, 0.35)
    return {
        "brow": lifted + np.abs(wander(rng, size, 1.0, 0.03)) + effects.brow,
        "blink": blinks(rng, line.times, effects.blinking),
        "smile": np.full(size, effects.smile),
        "squint": np.full(size, effects.squint),
        "frown": np.full(size, effects.frown),
    }


def _body(
    rng: np.random.Generator, line: Timeline, head: dict[str, Track], effects: PromptEffects
) -> dict[str, Track]:
    """Breathing, and shoulders that give a little with the head and shift by themselves."""
    lively = min(effects.movement, 1.3)
    sway = wander(rng, line.times.size, 1.6, 0.08) * lively
    return {
        "breath": _BREATH * (0.5 + 0.5 * lively) * breaths(rng, line.times, line.loudness),
        "sway": sway + 0.35 * smooth(head["shift_x"], 0.3) + 0.012 * smooth(head["yaw"], 0.3),
    }

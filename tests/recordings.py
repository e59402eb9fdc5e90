"""Recordings for the identity check: what a camera would show, and what an attacker would.

There is none of a real person performing a challenge whose rights are clear, so those that perform
right are drawn by the mesh engine: an injected deepfake, and the nearest thing to a genuine attempt
at once. Whoever reports figures says which of the two is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from compliance.permit import Action, Challenge, Prompt
from compliance.permit.challenge import ACTIONS_ASKED, TURNS
from generation.mesh import MeshEngine
from generation.motion.curves import Curves
from generation.resident import landmarker

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
FPS = 25
SIDE = 320  # px
TURN = 25.0  # degrees


def draw_challenge(seed: int, *, window: float = 2.2) -> Challenge:
    """A challenge of random actions at random times, as the platform makes them, but shorter."""
    random = np.random.default_rng(seed)
    actions = list(Action)
    chosen = [actions[i] for i in random.permutation(len(actions))[:ACTIONS_ASKED]]
    if not TURNS & set(chosen):
        chosen[0] = Action.TURN_LEFT
    at, prompts = 1.6, []
    for action in chosen:
        at = round(at + random.uniform(0, 0.3), 3)
        prompts.append(Prompt(action, at, round(at + window, 3)))
        at += window
    return Challenge(tuple(prompts), round(at + 0.3, 3))


def perform(challenge: Challenge, seed: int = 0) -> Curves:
    """The movement of a head that does what it is asked, and sways a little all the time."""
    random = np.random.default_rng(seed)
    frames = int(challenge.seconds * FPS) + 8
    names = ("blink", "smile", "wide", "brow", "gap", "jaw", "yaw", "pitch", "roll", "shift_x")
    curves = {name: np.zeros(frames) for name in names}
    for prompt in challenge.prompts:
        begun = prompt.start + random.uniform(0.35, 0.6)
        for name, size in _MOVES[prompt.action].items():
            curves[name] += size * _bump(frames, begun)
    for name, size in (("yaw", 1.0), ("pitch", 0.8), ("roll", 0.6), ("shift_x", 0.12)):
        sway = gaussian_filter1d(random.normal(size=frames), 12)
        curves[name] += size * sway / sway.std()
    return Curves.rest(frames, FPS).with_(**{k: v.astype(np.float32) for k, v in curves.items()})


_MOVES = {
    Action.BLINK: {"blink": 1.0},
    Action.SMILE: {"smile": 1.0, "wide": 0.6},
    Action.RAISE_BROWS: {"brow": 0.9},
    Action.OPEN_MOUTH: {"gap": 1.4, "jaw": 1.2},
    Action.TURN_LEFT: {"yaw": TURN},
    Action.TURN_RIGHT: {"yaw": -TURN},
}


def _bump(frames: int, begun: float) -> NDArray[np.float64]:
    """Up in a third of a second, held as long, down again."""
    since = np.arange(frames) / FPS - begun
    return np.clip(np.minimum(since / 0.33, (1.05 - since) / 0.33), 0, 1)


def drawn(photo: Picture, curves: Curves) -> list[Picture]:
    """What our own mesh engine draws from a photo: an injected deepfake."""
    return list(MeshEngine(photo, SIDE, SIDE, landmarker=landmarker()).render(curves))


def other_camera(photo: Picture, seed: int) -> Picture:
    """The same face as another camera in another light would show it: side light, tint, soft."""
    random = np.random.default_rng(seed)
    high, wide = photo.shape[:2]
    across = np.linspace(-1, 1, wide)[None, :, None] * random.choice([-1, 1])
    light = 1 + 0.35 * across + 0.1 * np.linspace(1, -1, high)[:, None, None]
    tint = 1 + random.uniform(-0.12, 0.12, 3)
    bright = 255 * (np.clip(photo / 255 * light * tint, 0, 1) ** random.uniform(0.75, 1.35))
    return cv2.GaussianBlur(bright.astype(np.uint8), (0, 0), high / 400)


def another_photo(photo: Picture, seed: int) -> Picture:
    """Another photo of the same face, as far as drawing goes: turned, smiling, in another light."""
    random = np.random.default_rng(seed)
    turned = Curves.rest(1).with_(
        smile=np.array([random.uniform(0.5, 1)], np.float32),
        gap=np.array([random.uniform(0, 0.6)], np.float32),
        yaw=np.array([random.choice([-1, 1]) * random.uniform(8, 14)], np.float32),
        pitch=np.array([random.uniform(-6, 6)], np.float32),
    )
    engine = MeshEngine(photo, 512, 512, landmarker=landmarker())
    return other_camera(next(engine.render(turned)), seed)


def noisy(frames: Iterable[Picture], seed: int = 0, *, sigma: float = 4.0) -> Iterator[Picture]:
    """Frames as a sensor adds its noise to them, and a hand its shake."""
    random = np.random.default_rng(seed)
    for frame in frames:
        shift = np.float32([[1, 0, random.normal(0, 0.3)], [0, 1, random.normal(0, 0.3)]])
        shaken = cv2.warpAffine(frame, shift, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        noise = random.normal(0, sigma, frame.shape)
        yield np.clip(shaken + noise, 0, 255).astype(np.uint8)


def held_photo(photo: Picture, challenge: Challenge, seed: int = 0) -> Iterator[Picture]:
    """A print of the photo before a camera, turned by hand when a turn is asked for."""
    random = np.random.default_rng(seed)
    size, wide, high, focal = 300.0, 480, 360, 700.0
    behind = cv2.GaussianBlur(random.integers(50, 200, (high, wide, 3)).astype(np.uint8), (0, 0), 9)
    corners = np.float32([[0, 0], [size, 0], [size, size], [0, size]])
    print_ = cv2.resize(photo, (int(size), int(size)), interpolation=cv2.INTER_AREA)
    turned = 40 / TURN * perform(challenge, seed).yaw
    for index, degrees in enumerate(turned):
        a, t = np.radians(degrees), index / FPS
        around = np.c_[corners - size / 2, np.zeros(4)]
        about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        placed = around @ about_y.T
        seen = focal * placed[:, :2] / (placed[:, 2:] + focal)
        seen += (wide / 2 + 4 * np.sin(t), high / 2 + 3 * np.sin(1.7 * t))
        frame = behind.copy()
        matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
        cv2.warpPerspective(
            print_, matrix, (wide, high), frame, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
        )
        yield from noisy([frame], seed + index, sigma=3.0)


def looped(frames: list[Picture], begin: float, end: float) -> list[Picture]:
    """A stretch of a recording (seconds), over and over for as long as the whole."""
    stretch = frames[int(begin * FPS) : int(end * FPS)]
    return [stretch[i % len(stretch)] for i in range(len(frames))]


def write(path: Path, frames: Iterable[Picture], *, codec: str = "libvpx") -> Path:
    """Encode frames as a browser would: WebM with VP8, or MP4 with another codec."""
    options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx" else {}
    stream = None
    with av.open(str(path), "w", format="mp4" if codec != "libvpx" else "webm") as container:
        for frame in frames:
            if stream is None:
                stream = container.add_stream(codec, rate=FPS, options=options)
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt, stream.bit_rate, stream.thread_count = "yuv420p", 1_200_000, 1
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))
    return path

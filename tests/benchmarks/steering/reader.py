"""Reads which look a prompt asked for: classifiers trained on renders of the training people.

They see a few frames beside the person's photo. Light, background and clothing are read from
colours of face, background and clothes, expressions from blendshapes and landmarks; a perceptron
of two hidden layers learns for each what they mean. Each render is learnt twice, as it is and as a
small network would show it (:func:`softened`): a red wall is red when it is a little blurred and
mottled as well, and a reader that never saw that takes it for the photo's own
(docs/decisions/0111). How often they are right on true renders of held-out people, and on what
autoencoder and DetailNet make of them, is told beside what they say of drawn ones: more cannot be
asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from generation.faces.person import segmenter
from generation.faces.topology import CHIN, FOREHEAD
from generation.portraittalk.clothing import clothes
from generation.portraittalk.structure_drawing import region_masks
from generation.portraittalk.training.conditions import BACKGROUNDS, CLOTHES, EXPRESSIONS, LIGHTS
from generation.portraittalk.training.shards import Shard
from generation.portraittalk.training.vae_check import ENLARGED, enlarged
from generation.resident import landmarker
from tests.benchmarks.steering.held_out import Case, Frames

KINDS: dict[str, tuple[str, ...]] = {
    "expression": tuple(EXPRESSIONS),
    "light": tuple(LIGHTS),
    "background": BACKGROUNDS,
    "clothing": CLOTHES,
}
# Chosen by cross-validation among people of the training half, on true and softened renders.
_HIDDEN, _ROUNDS, _BATCH, _RATE, _DECAY = 256, 40, 128, 2e-3, 0.05
_DROPPED, _JITTER, _UNSURE = 0.5, 0.1, 0.1
_SURELY = 0.15  # less of a person than this is background
_BLUR = 1.3  # px, the strongest; what the autoencoder makes of a render is about 1
_MOTTLED, _PATCH = 5.0, 8  # levels of patches' colours (standard deviation), px of a patch
_TINTED = 3.0  # levels that the whole may be off, each channel
SOFTENED = (_BLUR, _MOTTLED, _PATCH, _TINTED)
_BORDER = 9  # px of it that a moving head may cover
_BROWS = ((70, 33), (105, 159), (107, 133), (336, 362), (334, 386), (300, 263))  # over the eyes
_LIDS = ((159, 145), (386, 374))
_MOUTH = (61, 291, 0, 17)  # corners, upper and lower edge

_photos: dict[Path, Photo] = {}  # by the folder of the person


@dataclass(frozen=True)
class Places:
    """Where to look in all pictures of one person: found in the photo, the head hardly moves.

    Attributes:
        background: (128, 128) bool.
        clothes: (128, 128) bool.
    """

    background: NDArray
    clothes: NDArray

    @classmethod
    def of(cls, photo: NDArray, points: NDArray) -> Places:
        """Find them in a photo (128, 128, 3) with landmarks (478, >=2) px."""
        large = enlarged(photo)
        size = (photo.shape[1], photo.shape[0])
        person = cv2.resize(segmenter()(large), size, interpolation=cv2.INTER_AREA)
        around = cv2.dilate(person, np.ones((_BORDER, _BORDER)))
        rows = np.arange(photo.shape[0])[:, None]
        background = (around < _SURELY) & (rows < points[CHIN, 1])
        found = clothes(large, points[:, :2] * ENLARGED)
        chest = np.broadcast_to(rows > photo.shape[0] - 12, person.shape) & (person > 0.5)
        worn = chest if found is None else cv2.resize(found, size) > 0.5
        return cls(background, worn)


@dataclass(frozen=True)
class Photo:
    """A person's photo, which each of their clips is seen beside.

    Attributes:
        places: where to look.
        colours: (3, 8) there.
        mood: (n,) of the face.
    """

    places: Places
    colours: NDArray
    mood: NDArray

    @classmethod
    def of(cls, photo: NDArray, points: NDArray) -> Photo:
        """Look at a photo (128, 128, 3) with landmarks (478, >=2) px."""
        places = Places.of(photo, points)
        return cls(places, _colours(photo, points, places), _mood(photo, points))


def features(photo: Photo, frames: Frames, points: NDArray) -> dict:
    """Return what each classifier sees of a clip: kind -> (n,) float32.

    Args:
        photo: of the person.
        frames: (T, 128, 128, 3).
        points: (T, 478, >=2) px, where the face stands.
    """
    seen = np.mean([_colours(f, p, photo.places) for f, p in zip(frames, points, strict=True)], 0)
    face, background, worn = np.concatenate([seen, seen - photo.colours], 1)
    mood = np.mean([_mood(f, p) for f, p in zip(frames, points, strict=True)], 0)
    change = mood - photo.mood
    found = {
        "expression": [mood, change],
        "light": [face, background, worn],
        "background": [background, face],
        "clothing": [worn, face],
    }
    return {kind: np.concatenate(parts).astype(np.float32) for kind, parts in found.items()}


def _colours(frame: NDArray, points: NDArray, places: Places) -> NDArray:
    """Return colour and roughness of face, background and clothes, (3, 8)."""
    lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.float64) / 255
    sharp = np.abs(cv2.Laplacian(lab[..., 0], cv2.CV_64F))
    mask = region_masks(points, frame.shape[0])["face"] > 0.5
    every = (mask, places.background, places.clothes)
    return np.stack([_summed(lab[at], sharp[at]) for at in every])


def _summed(lab: NDArray, sharp: NDArray) -> NDArray:
    if len(lab) < 20:
        return np.zeros(8)
    low, high = np.percentile(lab[:, 0], [10, 90])
    median = np.median(lab, 0)
    return np.array([*median, low, high, lab[:, 1].std(), lab[:, 2].std(), 10 * sharp.mean()])


def _mood(frame: NDArray, points: NDArray) -> NDArray:
    """Return the blendshapes of a face, and heights of brows, lids and corners of the mouth."""
    near = np.c_[points[:, :2], np.zeros(len(points))] * ENLARGED
    face = landmarker().track(enlarged(frame), near)
    at = face.points[:, :2]
    pose = np.radians(face.pose().roll)
    turned = at @ np.array([[np.cos(pose), -np.sin(pose)], [np.sin(pose), np.cos(pose)]])
    size = np.linalg.norm(at[FOREHEAD] - at[CHIN])
    heights = [(turned[eye, 1] - turned[brow, 1]) / size for brow, eye in (*_BROWS, *_LIDS)]
    left, right, upper, lower = (turned[i] for i in _MOUTH)
    middle = (upper[1] + lower[1]) / 2
    mouth = [middle - left[1], middle - right[1], right[0] - left[0], lower[1] - upper[1]]
    gap = turned[336, 0] - turned[107, 0]
    shape = 10 * np.array([*heights, *np.array([*mouth, gap]) / size])
    return np.concatenate([list(face.blendshapes.values()), shape])


@dataclass
class Reader:
    """One trained perceptron for each kind of look."""

    nets: dict[str, tuple[nn.Module, NDArray, NDArray]]

    def read(self, seen: dict) -> dict[str, str]:
        """Return the look that a clip shows."""
        found = {}
        for kind, (net, centre, scale) in self.nets.items():
            with torch.no_grad():
                given = torch.from_numpy((seen[kind] - centre) / scale)[None]
                found[kind] = KINDS[kind][int(net(given)[0].argmax())]
        return found


def trained(rows: Sequence[tuple[dict, dict[str, str]]]) -> Reader:
    """Train on clips: what is seen, and the look that was drawn."""
    torch.manual_seed(0)
    nets = {}
    for kind, names in KINDS.items():
        x = np.stack([seen[kind] for seen, _ in rows])
        y = torch.tensor([names.index(labels[kind]) for _, labels in rows])
        centre, scale = x.mean(0), x.std(0) + 1e-3
        nets[kind] = (_fitted(torch.from_numpy((x - centre) / scale), y, len(names)), centre, scale)
    return Reader(nets)


def _fitted(x: torch.Tensor, y: torch.Tensor, classes: int) -> nn.Module:
    net = nn.Sequential(
        nn.Linear(x.shape[1], _HIDDEN), nn.ReLU(), nn.Dropout(_DROPPED),
        nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU(), nn.Dropout(_DROPPED), nn.Linear(_HIDDEN, classes),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _ROUNDS)
    counts = torch.bincount(y, minlength=classes).float()
    weight = counts.sum() / counts.clamp_min(1) / classes
    for _ in range(_ROUNDS):
        for some in torch.randperm(len(x)).split(_BATCH):
            seen = x[some] + _JITTER * torch.randn(len(some), x.shape[1])
            optimizer.zero_grad()
            said = net(seen)
            nn.functional.cross_entropy(said, y[some], weight, label_smoothing=_UNSURE).backward()
            optimizer.step()
        slower.step()
    return net.eval()


def seen_in(case: Case, frames: Frames) -> dict:
    """Return the features of frames of a case, true or drawn."""
    points = case.shard.points[case.part.rows].astype(np.float64)
    if case.shard.folder not in _photos:
        photo_points = np.asarray(case.shard.array("reference_points"), np.float64)
        _photos[case.shard.folder] = Photo.of(case.photo, photo_points)
    return features(_photos[case.shard.folder], frames, points[: len(frames)])


def of_people(people: Sequence[Shard]) -> list[tuple[dict, dict[str, str]]]:
    """Return every clip of stills of some people, twice, with its labels, to train on."""
    rng = np.random.default_rng(0)
    found = []
    for shard in people:
        for part in shard.about.clips:
            if part.kind == "stills":
                case = Case(shard, part)
                for frames in (case.truth, softened(case.truth, rng)):
                    found.append((seen_in(case, frames), dict(part.labels)))
    return found


def softened(frames: Frames, rng: np.random.Generator) -> Frames:
    """Return frames of the same look, a little blurred, mottled and tinted, by chance."""
    sigma, mottled = rng.uniform(0.3, _BLUR), rng.uniform(0, _MOTTLED)
    whole = rng.normal(0, rng.uniform(0, _TINTED), 3)
    found = []
    for frame in frames:
        height, width = frame.shape[:2]
        patches = rng.normal(0, mottled, (height // _PATCH, width // _PATCH, 3)).astype(np.float32)
        uneven = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
        soft = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), sigma) + uneven + whole
        found.append(np.clip(np.round(soft), 0, 255).astype(np.uint8))
    return np.stack(found)

"""One portrait, made worse or not: what the gate says of it, and what comes of drawing it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from compliance.permit import MeasureResult
from generation import engines
from generation.errors import GenerationError
from generation.evaluation.picture import upright
from generation.evaluation.watched import Watched, watch
from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance
from generation.gate import check_portrait
from generation.motion import Curves
from generation.resident import embedder, landmarker
from tests.benchmarks.harness import BUILD
from tests.benchmarks.samples import FPS, curves

SIZE, FRAMES = 512, 40  # a clip of 1.6 s with closures and open vowels
KEPT = BUILD.parent / "gate"
LOST, UNLIKE, STILL, OTHER, BLURRED = 0.1, 0.38, 0.8, 0.5, 0.75
_ANOTHER_FACE, _ANOTHER_PICTURE = 0.5, 0.42  # of photos; clips are at 0.51 and 0.42 then
_ROOT = Path(__file__).resolve().parents[3]
_DRAWN_BY = ("faces", "mesh", "motion", "media", "audio", "evaluation", "prompt")


@dataclass(frozen=True)
class Drawn:
    """What is measured of the clip of a portrait; all NaN where none could be drawn.

    Attributes:
        lost: part of the frames without a face.
        unlike: mean distance of the faces from the portrait before it was made worse.
        moves: Pearson's r of the lips' gap with what was asked for.
        same: structural similarity of the upright faces with those of the unharmed portrait's clip.
        blur: of the face, 0 sharp to 1.
    """

    lost: float = 1.0
    unlike: float = 9.0
    moves: float = 0.0
    same: float = 0.0
    blur: float = 1.0

    def faults(self) -> list[str]:
        """Name what failed."""
        failed = {
            "face lost": self.lost > LOST,
            "another face": self.unlike > UNLIKE,
            "lips still": self.moves < STILL,
            "another picture": self.same < OTHER,
            "blurred": self.blur > BLURRED,
        }
        return [name for name, has in failed.items() if has]


def judged(rgb: Image) -> MeasureResult:
    """What the gate says of a picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portrait.png"
        cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return check_portrait(path)


def drawn(rgb: Image, unharmed: Image, reference: Watched | None) -> Drawn:
    """Draw a picture and look at the clip; kept, for the version of the sources."""
    if reference is None:
        return Drawn()
    certain = _certain(rgb, unharmed)
    if certain is not None:
        return certain
    key = hashlib.sha256(_sources() + rgb.tobytes() + unharmed.tobytes()).hexdigest()[:20]
    path = KEPT / f"{key}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(asdict(_looked_at(rgb, unharmed, reference))))
        partial.replace(path)
    return Drawn(**json.loads(path.read_text()))


def clip_of(rgb: Image, whom: Image) -> Watched | None:
    """Draw a portrait and look at it; None where that cannot be done."""
    try:
        drawing = engines.get("mesh").prepare(rgb, SIZE, SIZE)
        return watch(islice(drawing.render(_movement()), FRAMES), FPS, whom)
    except GenerationError:
        return None


def _certain(rgb: Image, unharmed: Image) -> Drawn | None:
    """Return what fails without a clip: the photo itself shows another face, or another picture.

    Of 55 clips of even portraits beyond these bounds, every one failed.
    """
    whom, faces = landmarker().only(unharmed), landmarker().faces(rgb)
    if len(faces) != 1:
        return None
    drift = distance(embedder()(rgb, faces[0]), embedder()(unharmed, whom))
    same = _ssim(upright(rgb, faces[0]), upright(unharmed, whom))
    if drift < _ANOTHER_FACE and same > _ANOTHER_PICTURE:
        return None
    return Drawn(lost=0.0, unlike=drift, moves=1.0, same=same, blur=0.0)


def _looked_at(rgb: Image, unharmed: Image, reference: Watched) -> Drawn:
    seen = clip_of(rgb, unharmed)
    if seen is None:
        return Drawn()
    return Drawn(
        lost=float(1 - seen.seen.mean()),
        unlike=float(seen.distances[:, 1].mean()) if len(seen.distances) else 9.0,
        moves=_followed(seen),
        same=_alike(seen.faces, reference.faces),
        blur=float(seen.blur[:, 1].mean()) if len(seen.blur) else 1.0,
    )


def _followed(seen: Watched) -> float:
    asked = np.asarray(_movement().gap, np.float64)[: seen.gap.size]
    both = seen.seen[: asked.size]
    if both.sum() < 10 or np.std(seen.gap[both]) < 1e-6:
        return 0.0
    return float(np.corrcoef(seen.gap[both], asked[both])[0, 1])


def _alike(one: Floats, other: Floats) -> float:
    """Structural similarity (Wang and others 2004) of grey faces, mean over the frames."""
    found = []
    for a, b in zip(one, other, strict=False):
        if np.isfinite(a).all() and np.isfinite(b).all():
            found.append(_ssim(a.astype(np.float32), b.astype(np.float32)))
    return float(np.mean(found)) if found else 0.0


def _ssim(a: Floats, b: Floats) -> float:
    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)

    at, bt = mean(a), mean(b)
    aa, bb, ab = mean(a * a) - at * at, mean(b * b) - bt * bt, mean(a * b) - at * bt
    c1, c2 = 0.01**2, 0.03**2
    index = ((2 * at * bt + c1) * (2 * ab + c2)) / ((at**2 + bt**2 + c1) * (aa + bb + c2))
    return float(index.mean())


@cache
def _movement() -> Curves:
    return curves()


@cache
def _sources() -> bytes:
    digest = hashlib.sha256()
    for folder in _DRAWN_BY:
        for path in sorted((_ROOT / "generation" / folder).glob("*.py")):
            digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.digest()

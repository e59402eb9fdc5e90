"""``python -m tests.benchmarks.gating.fit LARGE SMALL``: the table of the check ``likeness``.

LARGE and SMALL are folders of portraits; only even numbers are read, odd ones are held out. They
are made worse, and how far the photo's own embedding moves away is what is fitted: a clip's follows
it (r .98, rmse .022). That curve is taken from clips of a few large ones. Rows are kept in
build/gate/fit; about twenty minutes of one core. The table is written to
build/gate/photo_likeness.npz and vendored by hand, with its digest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance, face_chip
from generation.gate.appearance import Appearance
from generation.gate.likeness import terms
from generation.gate.portrait import face_findings
from generation.gate.readings import READINGS, readings
from generation.resident import embedder, landmarker
from tests.benchmarks.gating.degraded import WAYS
from tests.benchmarks.gating.portraits import SHOWN, at_size, enlarged, numbered
from tests.benchmarks.gating.tries import KEPT, clip_of, drawn

FOLDER = KEPT / "fit"
SMALL = 146  # small portraits, by chance
_HEIGHTS = (SHOWN, 420, SHOWN, 0)  # px of the small ones' faces, in turn; 0 leaves them as they are
# Strengths at which some faces fail and others do not, and some at which none does.
STRENGTHS: dict[str, tuple[float, ...]] = {
    "blurred": (0.006, 0.015),
    "smaller": (70, 40),
    "enlarged": (80, 45, 25),
    "dark": (-1.5, -3, -5),
    "bright": (1.5, 3),
    "flat": (0.3, 0.12),
    "side light": (5, 8),
    "compressed": (15, 5, 1),
    "noisy": (6, 20, 50, 110),
    "tinted": (0.7,),
    "sunglasses": (0.8, 1.0),
    "mask": (0.5,),
    "hand": (0.5, 0.8, 1.2),
    "microphone": (0.5, 0.8, 1.2),
    "cut off": (0.12, 0.3),
    "turned": (30,),
    "drawn": (1, 3),
    "off a screen": (0.12, 0.3),
}
BETWEEN = {  # and one more strength each, by chance
    "noisy": (10, 150),
    "compressed": (1, 14),
    "hand": (0.4, 1.3),
    "microphone": (0.4, 1.4),
    "sunglasses": (0.3, 1),
    "bright": (0.7, 3.5),
    "dark": (-5, -1.5),
    "side light": (2, 8),
    "blurred": (0.006, 0.03),
    "enlarged": (22, 80),
    "smaller": (38, 110),
    "flat": (0.1, 0.4),
    "drawn": (1, 4),
    "off a screen": (0.05, 0.35),
    "cut off": (0.05, 0.35),
}
_NOT_LARGE = ("turned", "twice", "tinted")  # large ones are made worse in all strengths of others
CURVE_OF = ("004", "012", "020", "022", "026")  # large ones that are drawn
_CURVE_AT = {
    "hand": (0.5, 0.8, 1.2),
    "microphone": (0.8, 1.2),
    "compressed": (1,),
    "noisy": (110,),
    "bright": (3,),
    "dark": (-3,),
    "cut off": (0.3,),
    "enlarged": (25,),
    "blurred": (0.015,),
    "off a screen": (0.3,),
    "drawn": (3,),
}
_LEAST, _MOST = 0.25, 0.5  # distance: what is farther from the limit need not be told apart
_RIDGE, _RIDGE_EMBEDDING, _RIDGE_BENDS = 10.0, 1000.0, 30.0
_WEIGHT_LARGE = 4.0  # they are few


def versions(whom: Image, stem: str, *, large: bool) -> Iterator[tuple[str, Image]]:
    """Yield a portrait unharmed and made worse; of small ones half of the strengths, by chance."""
    face, chance = landmarker().only(whom), np.random.default_rng(int(stem))
    yield "unharmed", whom
    for way in WAYS:
        for strength in way.strengths:
            if not large and chance.uniform() > 0.5:
                continue
            if strength in STRENGTHS.get(way.name, ()) or (large and way.name not in _NOT_LARGE):
                yield way.name, way.change(whom, face, strength)
        if way.name in BETWEEN:
            yield way.name, way.change(whom, face, float(chance.uniform(*BETWEEN[way.name])))


def rows(whom: Image, stem: str, *, large: bool) -> dict[str, Floats]:
    """Return readings (n, 439) of a portrait's versions, drift (n,) and which are unharmed."""
    own = embedder()(whom, landmarker().only(whom))
    found: dict[str, list[object]] = {"readings": [], "drift": [], "unharmed": []}
    for name, rgb in versions(whom, stem, large=large):
        faces = landmarker().faces(rgb)
        if len(faces) != 1:
            continue
        seen, chip = Appearance.of(rgb, faces[0]), face_chip(rgb, faces[0].points)
        findings = face_findings(rgb, faces[0], seen)
        values = {each.check: each.value for each in findings if each.value is not None}
        found["readings"].append(readings(chip, seen, values))
        found["drift"].append(distance(embedder().of_chip(chip), own))
        found["unharmed"].append(name == "unharmed")
    return {name: np.array(values) for name, values in found.items()}


def drawn_rows(whom: Image) -> dict[str, Floats]:
    """Return drift (n,) and distance (n,) of versions of a portrait that are drawn."""
    face, reference = landmarker().only(whom), clip_of(whom, whom)
    own = embedder()(whom, face)
    pairs = []
    for way in WAYS:
        for strength in _CURVE_AT.get(way.name, ()):
            rgb = way.change(whom, face, strength)
            faces = landmarker().faces(rgb)
            if len(faces) == 1:
                drift = distance(embedder()(rgb, faces[0]), own)
                pairs.append((drift, drawn(rgb, whom, reference).unlike))
    drift, far = np.array(pairs).T
    return {"drift": drift[far < 2], "distance": far[far < 2]}


def table(
    large: list[dict[str, Floats]], small: list[dict[str, Floats]], clips: list[dict[str, Floats]]
) -> dict[str, Floats]:
    """Fit: ridge regression of the distance that a clip would have.

    Args:
        large: rows of large portraits.
        small: rows of small ones.
        clips: drift and distance of those that were drawn.
    """
    x, drift, unharmed = (
        np.concatenate([each[name] for each in large + small])
        for name in ("readings", "drift", "unharmed")
    )
    weight = np.ones(len(x))
    weight[: sum(len(each["drift"]) for each in large)] = _WEIGHT_LARGE
    pairs = (np.concatenate([each[name] for each in clips]) for name in ("drift", "distance"))
    target = np.clip(np.polyval(np.polyfit(*pairs, 2), drift), _LEAST, _MOST)
    fitted = {"mean": np.average(x, 0, weight), "scale": x.std(0) + 1e-6}
    summed = terms(x, fitted)
    named, read = len(READINGS), x.shape[1]
    penalty = np.full(summed.shape[1], _RIDGE_BENDS)
    penalty[:named], penalty[named:read] = _RIDGE, _RIDGE_EMBEDDING
    middle, level = np.average(summed, 0, weight), np.average(target, weights=weight)
    weighted = (summed - middle) * weight[:, None]
    of_terms = weighted.T @ (summed - middle) + np.diag(penalty)
    fitted["weights"] = np.linalg.solve(of_terms, weighted.T @ (target - level))
    fitted["unharmed"] = summed[unharmed.astype(bool)].mean(0) * fitted["weights"]
    fitted["offset"] = level - middle @ fitted["weights"] + fitted["unharmed"].sum()
    return {name: np.asarray(value, np.float32) for name, value in fitted.items()}


def kept(name: str, measure: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    """Return what was measured, once."""
    file = FOLDER / f"{name}.npz"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        np.savez(file, **measure())  # type: ignore[arg-type]
        print(name, flush=True)
    with np.load(file) as data:
        return {each: data[each] for each in data.files}


def main(large: Path, small: Path) -> None:
    """Measure what is not kept yet, and fit."""
    of_large, of_small, clips = [], [], []
    for path in numbered(large, odd=False):
        of_large.append(kept(path.stem, lambda p=path: rows(at_size(p), p.stem, large=True)))
        if path.stem in CURVE_OF:
            clips.append(kept(f"clips-{path.stem}", lambda p=path: drawn_rows(at_size(p))))
    few = numbered(small, odd=False)
    order = list(range(len(few)))
    np.random.default_rng(3).shuffle(order)
    for turn, index in enumerate(order[:SMALL]):
        path, height = few[index], _HEIGHTS[turn % len(_HEIGHTS)]
        of_small.append(
            kept(path.stem, lambda p=path, h=height: rows(enlarged(p, h), p.stem, large=False))
        )
    out = KEPT / "photo_likeness.npz"
    np.savez(out, **table(of_large, of_small, clips))  # type: ignore[arg-type]
    print(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

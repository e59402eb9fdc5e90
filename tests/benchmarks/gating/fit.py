"""``python -m tests.benchmarks.gating.fit LARGE SMALL``: the table of the check ``likeness``.

LARGE and SMALL are folders of portraits; only even numbers are read, odd ones are held out. Large
portraits are made worse, drawn and measured. Of small ones, enlarged to 300 px, only the photo's
own embedding is compared with the unharmed one's; what a clip's would be is fitted on the large
ones (r .96, rmse .027). Rows are kept in build/gate/fit; about half an hour of one core. The table
is written to build/gate/photo_likeness.npz and vendored by hand, with its digest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance, face_chip
from generation.gate.likeness import READINGS, readings
from generation.media.photo import load_photo
from generation.resident import embedder, landmarker
from tests.benchmarks.bench_gate import at_size
from tests.benchmarks.gating.degraded import WAYS
from tests.benchmarks.gating.tries import KEPT, clip_of, drawn, judged

FOLDER = KEPT / "fit"
LARGE, SMALL = ("004", "008", "012", "016", "020", "022", "530", "532"), 23  # portraits
_SHOWN = 300  # px forehead to chin, of the small ones enlarged
_IN_ALL = (
    "004",
    "008",
    "012",
    "016",
    "020",
    "022",
)  # large ones that are fitted on in all strengths
# Of the others, those at which some faces fail and others do not.
STRENGTHS: dict[str, tuple[float, ...]] = {
    "blurred": (0.006, 0.015),
    "smaller": (70, 40),
    "enlarged": (80, 45, 25),
    "dark": (-3, -5),
    "bright": (1.5, 3),
    "flat": (0.3, 0.12),
    "side light": (5, 8),
    "compressed": (5, 1),
    "noisy": (20, 50, 110),
    "sunglasses": (0.8, 1.0),
    "mask": (0.5,),
    "hand": (0.5, 0.8, 1.2),
    "microphone": (0.5, 0.8, 1.2),
    "cut off": (0.12, 0.3),
    "drawn": (1, 3),
    "off a screen": (0.12, 0.3),
}
BETWEEN = {  # of the small ones one more strength each, by chance
    "noisy": (35, 150),
    "compressed": (1, 9),
    "hand": (0.4, 1.2),
    "microphone": (0.4, 1.3),
    "sunglasses": (0.5, 1),
    "bright": (1, 3),
    "blurred": (0.008, 0.03),
    "enlarged": (22, 45),
    "flat": (0.1, 0.3),
    "drawn": (2, 4),
}
_RIDGE, _RIDGE_EMBEDDING, _WEIGHT_DRAWN, _MOST = 10.0, 1000.0, 3.0, 0.8


def versions(whom: Image, stem: str, *, large: bool) -> Iterator[tuple[str, Image]]:
    """Yield a portrait unharmed and made worse, each with the name of the way."""
    face = landmarker().only(whom)
    chance = None if large else np.random.default_rng(int(stem))
    yield "unharmed", whom
    for way in WAYS:
        for strength in way.strengths if stem in _IN_ALL else STRENGTHS.get(way.name, ()):
            yield way.name, way.change(whom, face, strength)
    for way in WAYS:
        if chance and way.name in BETWEEN:
            strength = float(chance.uniform(*BETWEEN[way.name]))
            yield way.name, way.change(whom, face, strength)


def rows(whom: Image, stem: str, *, large: bool) -> dict[str, Floats]:
    """Return readings (n, 147), drift and distance (n,) and which are unharmed of a portrait.

    Drift is between photos, distance that of a drawn clip; NaN where none was drawn.
    """
    own = embedder()(whom, landmarker().only(whom))
    reference = clip_of(whom, whom) if large else None
    found: dict[str, list[object]] = {"readings": [], "drift": [], "distance": [], "unharmed": []}
    for name, rgb in versions(whom, stem, large=large):
        faces = landmarker().faces(rgb)
        if len(faces) != 1:
            continue
        values = {each.check: each.value for each in judged(rgb).findings if each.value is not None}
        found["readings"].append(readings(face_chip(rgb, faces[0].points), values))
        found["drift"].append(distance(embedder()(rgb, faces[0]), own))
        found["distance"].append(drawn(rgb, whom, reference).unlike if large else np.nan)
        found["unharmed"].append(name == "unharmed")
    return {name: np.array(values) for name, values in found.items()}


def kept(path: Path, *, large: bool) -> dict[str, Floats]:
    """Return the rows of a portrait, measured once."""
    file = FOLDER / f"{path.stem}.npz"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        whom = at_size(path) if large else _enlarged(path)
        np.savez(file, **rows(whom, path.stem, large=large))  # type: ignore[arg-type]
    with np.load(file) as data:
        return {name: data[name] for name in data.files}


def table(
    drawn_rows: list[dict[str, Floats]], seen_rows: list[dict[str, Floats]], people: Floats
) -> dict[str, Floats]:
    """Fit: ridge regression, lenient to directions of the embedding in which people are alike.

    Args:
        drawn_rows: of the large portraits.
        seen_rows: of the small ones.
        people: (n, 128) embeddings of unharmed portraits.
    """
    both = drawn_rows + seen_rows
    x, drift, far, unharmed = (
        np.concatenate([each[name] for each in both])
        for name in ("readings", "drift", "distance", "unharmed")
    )
    known = np.isfinite(far)
    curve = np.polyfit(drift[known & (far < 2)], far[known & (far < 2)], 2)
    target = np.where(known, np.minimum(far, _MOST), np.polyval(curve, drift))
    weight = np.where(known, _WEIGHT_DRAWN, 1.0)
    named = len(READINGS)
    mean = np.r_[x[:, :named].mean(0), people.mean(0)]
    scale = np.r_[x[:, :named].std(0) + 1e-6, np.ones(people.shape[1])]
    z = np.clip((x - mean) / scale, -4, 4)
    spread = np.cov(people.T)
    spread += 0.05 * np.eye(len(spread)) * np.trace(spread) / len(spread)
    penalty = np.zeros((len(mean),) * 2)
    penalty[:named, :named] = _RIDGE * np.eye(named)
    penalty[named:, named:] = _RIDGE_EMBEDDING * spread
    offset = np.average(target, weights=weight)
    weighted = z * weight[:, None]
    weights = np.linalg.solve(weighted.T @ z + penalty, weighted.T @ (target - offset))
    fitted = {"mean": mean, "scale": scale, "weights": weights, "offset": offset}
    fitted["unharmed"] = z[unharmed.astype(bool)].mean(0) * weights
    return {name: np.asarray(value, np.float32) for name, value in fitted.items()}


def _enlarged(path: Path) -> Image:
    rgb = load_photo(path).rgb
    scale = _SHOWN / landmarker().only(rgb).height
    return np.asarray(
        cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LANCZOS4), np.uint8
    )


def _even(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.glob("*.jpg")) if int(p.stem[-1]) % 2 == 0]


def _people(paths: list[Path]) -> Floats:
    found = []
    for path in paths:
        rgb = load_photo(path).rgb
        faces = landmarker().faces(rgb)
        if len(faces) == 1:
            found.append(embedder()(rgb, faces[0]))
    return np.array(found)


def main(large: Path, small: Path) -> None:
    """Measure what is not kept yet, and fit."""
    few = _even(small)
    np.random.default_rng(3).shuffle(few)  # type: ignore[arg-type]
    drawn_rows = [kept(large / f"{name}.jpg", large=True) for name in LARGE]
    seen_rows = [kept(path, large=False) for path in few[:SMALL]]
    out = KEPT / "photo_likeness.npz"
    np.savez(out, **table(drawn_rows, seen_rows, _people(_even(small))))
    print(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

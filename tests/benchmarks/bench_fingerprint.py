"""Fingerprints: clips that were really drawn and attacked, sought among 100,000 releases.

PORTRAITS names a folder of photos of different people; without it the sample portrait is the only
one, and the population is noise around it. The releases are made up: each has the 64 frequencies of
a blend of two real portraits, moved by as much as real frames move, for 20,000 portraits of which a
few are used often (Zipf). FINGERPRINT_RELEASES sets their number.
"""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psycopg
from PIL import Image

from compliance.fingerprint import VIEWS
from compliance.fingerprint.hashes import low_frequencies, signs, small
from compliance.fingerprint.placing import place
from compliance.fingerprint.prints import Print, image_print, video_print
from generation.mesh import MeshEngine
from tests.benchmarks import attacks, samples
from tests.benchmarks.database import platform_at_work
from tests.benchmarks.harness import Figure, repeated

RELEASES = int(os.environ.get("FINGERPRINT_RELEASES", "100000"))
PORTRAITS_USED = 20_000
MOST = int(os.environ.get("FINGERPRINT_PORTRAITS", "16"))  # whose faces the population has
SOUGHT = int(os.environ.get("FINGERPRINT_SOUGHT", "8"))  # of them drawn whole, and sought
FRAMES, START, LENGTH = 110, 35, 60  # of a drawn video; where a clip begins, and how long it is
HASHES = 5  # moments of a release that are kept, each with every view
_TABLE = "releases_printhash"
_ID = "00000000-0000-4000-8000-{:012x}"


@dataclass
class Real:
    """A video that was drawn, its print and what was made of it."""

    frames: list[np.ndarray]
    taken: Print
    number: int

    @property
    def row(self) -> uuid.UUID:
        """What the index calls it."""
        return uuid.UUID(_ID.format(0xF00000000000 + self.number))


@dataclass
class Times:
    """What the queries took and found, by attack."""

    query_ms: list[float] = field(default_factory=list)
    wide_ms: list[float] = field(default_factory=list)
    place_ms: list[float] = field(default_factory=list)
    found: dict[str, list[bool]] = field(default_factory=dict)
    seconds_off: list[float] = field(default_factory=list)


def measure() -> list[Figure]:
    """Draw, attack, fill the index and seek."""
    with platform_at_work() as here:
        photos = _photos()
        videos = [_drawn(here.folder, number, each) for number, each in enumerate(photos[:SOUGHT])]
        faces = [each.frames[0] for each in videos] + [_face(photo) for photo in photos[SOUGHT:]]
        rows = _fill(here.owner, videos, faces)
        return _sought(here.folder, videos, rows)


def _photos() -> list[np.ndarray]:
    named = os.environ.get("PORTRAITS")
    paths = sorted(Path(named).iterdir())[:MOST] if named else [samples.FIXTURES / "portrait.png"]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def _drawn(folder: Path, number: int, photo: np.ndarray) -> Real:
    engine = MeshEngine(photo, samples.SIZE, samples.SIZE)
    frames = list(islice(engine.render(samples.curves()), FRAMES))
    path = attacks.write(folder / f"{number}.mp4", frames, crf=18)
    return Real(frames, video_print(path, views=True), number)


def _face(photo: np.ndarray) -> np.ndarray:
    """The first frame of what a portrait would become."""
    engine = MeshEngine(photo, samples.SIZE, samples.SIZE)
    return next(iter(engine.render(samples.curves())))


def _fill(owner: psycopg.Connection[Any], videos: list[Real], faces: list[np.ndarray]) -> int:
    """Fill the index; foreign keys and walls are taken off, what is measured is the search."""
    owner.execute("SET rakkan.organisation = 'system'")
    owner.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER USER")
    owner.execute(f"ALTER TABLE {_TABLE} DISABLE ROW LEVEL SECURITY")  # COPY takes none
    keys = owner.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
        [_TABLE],
    ).fetchall()
    for (key,) in keys:
        owner.execute(f'ALTER TABLE {_TABLE} DROP CONSTRAINT "{key}"')
    columns = "(fingerprint_id, kind, view, at_ms, bits)"
    with owner.cursor() as cursor, cursor.copy(f"COPY {_TABLE} {columns} FROM STDIN") as copy:
        for release, view, moment, bits in _population(videos, faces):
            copy.write_row((_ID.format(release), 1, view, moment * 1000, bits))
        for real in videos:
            for each in real.taken.hashes:
                bits = each.bits - (1 << 64) if each.bits >> 63 else each.bits
                copy.write_row((real.row, 1, each.view, each.at_ms, bits))
    owner.execute(f"ALTER TABLE {_TABLE} ENABLE ROW LEVEL SECURITY")
    owner.execute(f"VACUUM ANALYZE {_TABLE}")
    (count,) = owner.execute(f"SELECT COUNT(*) FROM {_TABLE}").fetchone() or (0,)  # noqa: S608
    return int(count)


def _population(videos: list[Real], faces: list[np.ndarray]) -> Any:
    """Yield (release, view, moment, bits) of releases like real ones, a portrait at a time."""
    rng = np.random.default_rng(7)
    real = np.stack([_views(face) for face in faces])  # (faces, views, 64)
    drawn = np.stack([[_views(f) for f in each.frames[:: FRAMES // HASHES]] for each in videos])
    moving = drawn.std(axis=1).mean(axis=0)  # (views, 64)
    used = rng.zipf(1.5, RELEASES) % PORTRAITS_USED
    for portrait, count in zip(*np.unique(used, return_counts=True), strict=True):
        one, other = rng.integers(len(faces), size=2)
        share = rng.uniform(0, 1)
        blend = share * real[one] + (1 - share) * real[other]
        blend = blend + rng.normal(0, 0.5, blend.shape) * real.std(axis=0).clip(1)
        shape = (count, HASHES, *blend.shape)
        bits = signs(blend + rng.normal(0, 1, shape) * moving).astype(np.int64)
        for copy, moment, view in np.ndindex(bits.shape):
            release = int(portrait) << 20 | copy
            yield release, view, moment, int(bits[copy, moment, view])


def _views(frame: np.ndarray) -> np.ndarray:
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return np.stack([low_frequencies(small(luma, view)) for view in VIEWS])


def _sought(folder: Path, videos: list[Real], rows: int) -> list[Figure]:
    from django.db import connection  # noqa: PLC0415  as above

    from rakkan.core.tenancy import as_system  # noqa: PLC0415  as above

    times = Times()
    with as_system():
        for real in videos:
            for name, (change, crf) in attacks.CLIPS.items():
                cut = [change(frame) for frame in real.frames[START : START + LENGTH]]
                clip = video_print(attacks.write(folder / "clip.mp4", cut, crf=crf), views=False)
                _seek(times, name, real, clip)
            shot = attacks.screenshot(folder / "shot.jpg", real.frames[START])
            _seek(times, "screenshot", real, image_print(shot))
    connection.close()
    return _figures(times, len(videos), rows)


def _seek(times: Times, name: str, real: Real, asked: Print) -> None:
    from rakkan.releases.finding import candidates  # noqa: PLC0415  as above

    view, took = None, 0.0
    for wide in (False, True):
        began = time.perf_counter()
        near = candidates(asked.hashes, wide=wide)
        took = 1000 * (time.perf_counter() - began)
        (times.wide_ms if wide else times.query_ms).append(took)
        view = next((each.view for each in near if each.fingerprint_id == real.row), None)
        if view is not None:
            break
    times.found.setdefault(name, []).append(view is not None)
    if view is None:
        return
    began = time.perf_counter()
    placed = max(
        (
            place(asked.pictures, real.taken.pictures, view=view, mirrored=mirrored)
            for mirrored in (False, True)
        ),
        key=lambda each: each.score,
    )
    times.place_ms.append(500 * (time.perf_counter() - began))
    times.seconds_off.append(abs(placed.seconds - START / attacks.FPS))


def _figures(times: Times, videos: int, rows: int) -> list[Figure]:
    what = f"{videos} drawn videos, {len(times.found)} attacks, {rows} rows of {RELEASES} releases"
    every = [found for each in times.found.values() for found in each]
    figures = [
        repeated("fingerprint_query_ms", "ms", f"one query; {what}", times.query_ms),
        Figure(
            "fingerprint_query_p95_ms",
            float(np.percentile(times.query_ms, 95)),
            "ms",
            "95th percentile of the same",
        ),
        repeated("fingerprint_place_ms", "ms", "one candidate laid beside a clip", times.place_ms),
        repeated(
            "fingerprint_seconds_off", "s", "the second named, from the true one", times.seconds_off
        ),
        Figure("fingerprint_found", float(np.mean(every)), "share", "among the 12 candidates"),
        Figure("fingerprint_releases", float(RELEASES), "releases", "in the index"),
        Figure("fingerprint_rows", float(rows), "rows", "in the index"),
    ]
    if times.wide_ms:
        note = "where that found nothing: with the bands one bit away"
        figures.append(repeated("fingerprint_wide_ms", "ms", note, times.wide_ms))
    for name, found in times.found.items():
        figures.append(
            Figure(
                f"fingerprint_found_{name}", float(np.mean(found)), "share", f"{len(found)} tries"
            )
        )
    return figures

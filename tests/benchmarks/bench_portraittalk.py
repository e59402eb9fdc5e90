"""PortraitTalk on held-out people: sync, likeness, what the prompt says, each part's share, speed.

PTSET names the training set (docs/portraittalk-training.md), PORTRAITTALK a folder of weights.
PORTRAITTALK_PARTS names parts (steering, text, lids, weights, long, real, speed; all by default),
PORTRAITTALK_PEOPLE how many held-out people (all by default). The part "masks" compares two
trainings that went on from one checkpoint with and without the masked loss; PORTRAITTALK_PAIR names
their folders, with a comma. Everything is on synthetic truth: the people do not exist and the mesh
engine moved them. Clip by clip it lies in build/bench/portraittalk-details.json, pictures in
build/bench/portraittalk-sheets.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.harness import BUILD, Bar, Figure
from tests.benchmarks.steering import ablations, lids, long, real, speed, text
from tests.benchmarks.steering.held_out import Engine, engine, looks, places, windows
from tests.benchmarks.steering.measured import chance, opening_of
from tests.benchmarks.steering.reader import KINDS
from tests.benchmarks.steering.sheets import sheet

_ALL = "steering,text,lids,weights,long,real,speed"
PARTS = os.environ.get("PORTRAITTALK_PARTS", _ALL).split(",")
PEOPLE = int(os.environ.get("PORTRAITTALK_PEOPLE", "0"))
DETAILS, SHEETS = BUILD / "portraittalk-details.json", BUILD / "portraittalk-sheets"
BARS: dict[str, Bar] = {
    "sync_ratio": ("at least", 0.8),
    "sync_ratio_as_drawn": ("at least", 0.8),
    "best_lag_frames": ("at most", 1),
    "identity_top1": ("at least", 0.95),
    **{f"text_accuracy_{kind}": ("at least", 0.9) for kind in KINDS},
    "speedup": ("at least", 8),
}
_ABLATED = {
    ablations.NO_DETAIL: ("identity", "likeness to the photo, by distance"),
    ablations.NOBODY: ("identity", "the same, less without the photo's detail alone"),
    "without the motion modules": ("warping", "what flow does not explain, 1/1000"),
    ablations.UNMOVED: ("warping", "the same, less without the photo's detail alone"),
    "without the voice": ("sync", "correlation of the lips"),
    "without the drawn face": ("astray", "upper face from where it was asked, %"),
    "without the prompt": ("look", "colour beside the face from the truth, CIELAB"),
}
_WEIGHED = 8  # people by whom weights are compared


def measure() -> list[Figure]:
    """Measure the parts asked for; nothing where there is no set or are no weights."""
    found = places()
    if found is None:
        print("PTSET and PORTRAITTALK name the training set and the weights: nothing is measured.")
        return []
    data, folder = found
    parts: dict[str, Callable[[Path, Engine], Iterator[Figure]]] = {
        "steering": _steering, "text": _text, "lids": _lids, "weights": _weights, "long": _long,
        "real": _real, "masks": _masks,
    }  # fmt: skip
    drawn_by = engine(folder)
    figures = [f for part in PARTS if part in parts for f in parts[part](data, drawn_by)]
    return [*figures, *(_speed(data, folder) if "speed" in PARTS else ())]


def _steering(data: Path, drawn_by: Engine) -> Iterator[Figure]:
    cases = windows(data, PEOPLE)
    rows = list(ablations.rows(cases, drawn_by, _told))
    _keep("steering", [vars(row) for row in rows])
    ratio, spread = ablations.ratio(rows, "sync")
    note = f"{len(cases)} people, the voice alone moves the mouth; r over the truth's own"
    yield Figure("sync_ratio", ratio, "ratio", note, spread)
    ratio, spread = ablations.ratio(rows, "sync", ablations.DRAWN)
    note = "the same as a production draws: the drawn face has the mouth that the voice asks for"
    yield Figure("sync_ratio_as_drawn", ratio, "ratio", note, spread)
    lag, spread = ablations.mean(rows, ablations.WHOLE, "lag")
    yield Figure("best_lag_frames", abs(lag), "frames", "mean shift at which lips fit best", spread)
    top, spread = ablations.mean(rows, ablations.WHOLE, "top1")
    yield Figure("identity_top1", top, "ratio", "whose photo a frame is nearest to", spread)
    openings = [opening_of(drawn_by.draw(c.clip(mouth=False))) for c in cases[:_WEIGHED]]
    yield Figure("sync_chance", chance(cases, openings), "r", "lips beside another's curve")
    for way in ("truth", ablations.DRAWN, *ablations.SWITCHED):
        for name in ("sync", "identity", "warping", "astray", "look", "top1"):
            value, spread = ablations.mean(rows, way, name)
            yield Figure(f"{name}__{way}", value, "", "mean of clips", spread)
    for way, (name, said) in _ABLATED.items():
        alone = way in (ablations.NOBODY, ablations.UNMOVED)
        whole = ablations.NO_DETAIL if alone else ablations.WHOLE
        value, spread = ablations.change(rows, way, name, whole)
        yield Figure(f"change__{way}", value, "", f"{said}; pair by pair", spread)
    sheet(cases, drawn_by, SHEETS / "steering.jpg")


def _text(data: Path, drawn_by: Engine) -> Iterator[Figure]:
    cases = looks(data, PEOPLE)
    reader = text.reader(data, BUILD / "portraittalk-reader.pickle")
    ways = {
        "truth": text.true, "autoencoder": text.coded(drawn_by), "drawn": text.drawn(drawn_by),
        "alone": text.drawn(drawn_by, text.ALONE),
    }  # fmt: skip
    found = {way: text.read(cases, reader, frames, _told) for way, frames in ways.items()}
    _keep("text", found)
    accuracies = []
    for kind in (*KINDS, text.BACKDROP):
        value, count, spread = text.share(found["drawn"], kind)
        truth, coded, alone = (
            text.share(found[way], kind)[0] for way in ("truth", "autoencoder", "alone")
        )
        said = (
            f"{count} looks; true renders {truth:.3f}, by autoencoder and DetailNet {coded:.3f}, "
            f"without the drawn face {alone:.3f}"
        )
        if kind in KINDS:
            accuracies.append(value)
            yield Figure(f"text_accuracy_{kind}", value, "ratio", said, spread)
        else:
            yield Figure("text_backdrop", value, "ratio", f"blurred or own alike; {said}", spread)
    yield Figure("text_accuracy", float(np.mean(accuracies)), "ratio", "mean of the four")


def _lids(data: Path, drawn_by: Engine) -> Iterator[Figure]:
    rows = list(lids.rows(lids.blinks(data, PEOPLE), drawn_by))
    if not rows:
        return  # nobody blinks in this set
    _keep("lids", [vars(row) for row in rows])
    for way in ("truth", ablations.WHOLE, ablations.NO_DETAIL):
        value, spread = ablations.mean(rows, way, "lids")
        yield Figure(
            f"lids__{way}", value, "", "lids apart in a blink, over an eye's width", spread
        )
    ratio, spread = ablations.ratio(rows, "down")
    yield Figure("blink", ratio, "ratio", "how far lids come down, over the truth's way", spread)


def _weights(data: Path, drawn_by: Engine) -> Iterator[Figure]:
    cases = windows(data, _WEIGHED)
    usual = list(ablations.weighted(cases, drawn_by, ablations.WEIGHTED[0], 1.0))  # of every path
    for path in ablations.WEIGHTED:
        for level in ablations.LEVELS:
            # Identity is weighed without the photo's detail, at its usual level too.
            other = level != 1.0 or path == "identity"
            rows = list(ablations.weighted(cases, drawn_by, path, level)) if other else usual
            for name in ("sync", "identity", "astray", "look"):
                value, spread = ablations.mean(rows, ablations.WHOLE, name)
                yield Figure(f"{path}_{level:g}__{name}", value, "", f"{len(cases)} people", spread)
            _told(f"{path} at {level:g}")


def _long(data: Path, drawn_by: Engine) -> Iterator[Figure]:
    for name, (value, unit, said) in long.measured(windows(data, 1)[0], drawn_by).items():
        yield Figure(name, value, unit, said)


def _real(_data: Path, drawn_by: Engine) -> Iterator[Figure]:
    for name, (value, unit, said) in real.measured(drawn_by, SHEETS / "real.jpg").items():
        yield Figure(name, value, unit, said)


def _masks(data: Path, _drawn_by: Engine) -> Iterator[Figure]:
    """Yield what lips and face lose where they did not count once more in training."""
    folders = [Path(each) for each in os.environ["PORTRAITTALK_PAIR"].split(",")]
    cases = windows(data, PEOPLE)
    ways = ("with masks", "without masks")
    rows = []
    for way, folder in zip(ways, folders, strict=True):
        found = ablations.drawn(cases, engine(folder).draw)
        rows += [replace(row, way=way) for row in found]
    for name in ("mouth", "sync", "identity", "look"):
        for way in ways:
            value, spread = ablations.mean(rows, way, name)
            yield Figure(f"{name}__{way}", value, "", f"{len(cases)} people", spread)
        value, spread = ablations.change(rows, ways[1], name, ways[0])
        yield Figure(f"masks_change__{name}", value, "", "without less with, by pairs", spread)


def _speed(data: Path, folder: Path) -> Iterator[Figure]:
    case = windows(data, 1)[0]
    every = speed.ways(folder)
    times = speed.timed(every, case.clip(mouth=True, frames=21), 1)
    plain = times[0][0]
    for way, (took,) in zip(every, times, strict=True):
        yield Figure(f"speed__{way.name}", plain / took, "ratio", f"{took * 25 / 21:.2f} s a s")
    best = min(range(len(every)), key=lambda i: times[i][0])
    note = f"{every[best].name} against plain, one run"
    yield Figure("speedup", plain / times[best][0], "ratio", note)
    yield from _price(data, every[0], every[best])
    for name, value in speed.cost(case, every[best]).items():
        yield Figure(f"cost_{name}", value, "s a s of video", "one core, the fastest way")


def _price(data: Path, plain: speed.Way, fast: speed.Way) -> Iterator[Figure]:
    """Yield what the fastest way loses in lips and likeness."""
    cases = windows(data, _WEIGHED)
    found = {way.name: list(ablations.drawn(cases, way.draw)) for way in (plain, fast)}
    for name in ("sync", "identity"):
        one, other = (ablations.mean(rows, ablations.WHOLE, name)[0] for rows in found.values())
        said = f"{len(cases)} people: plain {one:.3f}, fast {other:.3f}"
        yield Figure(f"speedup_{name}", other / one, "ratio", said)


def _keep(part: str, values: Any) -> None:
    before = json.loads(DETAILS.read_text("utf-8")) if DETAILS.is_file() else {}
    BUILD.mkdir(parents=True, exist_ok=True)
    DETAILS.write_text(json.dumps({**before, part: values}, indent=1) + "\n", "utf-8")


def _told(text: str) -> None:
    sys.stderr.write(f"{text}\n")

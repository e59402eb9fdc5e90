"""The identity check by camera: what reaches a reviewer, attack by attack, with 95 % upper bounds.

A program verifies nobody, so "verified without a reviewer" is none of N by construction and says
nothing about the signals. What is counted here is how many recordings the signals let through to a
reviewer. PORTRAITS names a folder of photos of different people, one face each; without it only the
sample portrait is used and nobody is compared with somebody else. Every third photo by name helped
to choose the thresholds and is left out. CLIPS names a folder of real recordings of faces that
follow no challenge.

It takes about 20 s of one core a portrait and says after each how far it is. It takes no new
portrait once it has used IDENTITY_MINUTES of its core (10): the figures name how many there were.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import beta

from compliance.permit import Challenge, MeasureResult, Prompt, Verdict
from generation.errors import GenerationError
from generation.faces.embedding import SAME_BELOW, distance
from generation.identity.check import Portrait, judge, portrait_of
from generation.identity.track import Track, Tracker
from generation.resident import embedder, landmarker
from tests import recordings
from tests.benchmarks.harness import Figure
from tests.benchmarks.samples import FIXTURES

MOST = int(os.environ.get("IDENTITY_PORTRAITS", "24"))
MINUTES = float(os.environ.get("IDENTITY_MINUTES", "10"))
TUNED_ON = 3  # one photo in so many helped to choose the thresholds
WRONG_ORDERS = 5  # of the 23 that four actions have, for each recording
PERFORMANCE = {"clip-length", "clip-rate", "clip-faces", "clip-face-found", "clip-frozen"} | {
    *("clip-one-person", "clip-repeats", "turn-depth", "action-timing", "action-order"),
}
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Person:
    """One portrait, what it is compared by, and the recordings made of it."""

    photo: Picture
    wanted: Portrait
    challenge: Challenge
    drawn: Track  # from the portrait itself, through a noisy camera
    other: Track  # from another photo of the same face
    loop: Track
    print_: Track


def measure() -> list[Figure]:
    """Makes and judges all recordings."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        people: list[Person] = []
        for person in _people(Path(folder)):
            people.append(person)
            _say(people)
            if time.process_time() > 60 * MINUTES:
                break
        figures = [*_attacks(people), *_stand_ins(people), *_pairs(_wanted())]
        return [*figures, *_real_clips(people)]


def _say(people: list[Person]) -> None:
    """Print how far it is: nobody waits ten minutes before a silent screen."""
    counts = (
        f"{track} {sum(r.verdict is not Verdict.UNUSABLE for r in _own(people, track))}"
        for track in ("print_", "loop", "drawn", "other")
    )
    used = f"{len(people)} portraits, {time.process_time() / 60:.1f} min"
    print(f"{used}; not refused by the signals: {', '.join(counts)}", flush=True)


def _wanted() -> list[Portrait]:
    """Return what every held-out portrait is compared by."""
    find, embed = landmarker(), embedder()
    found = []
    for photo in _photos(most=None):
        with suppress(GenerationError):
            found.append(portrait_of(photo, find, embed))
    return found


def _people(folder: Path) -> Iterator[Person]:
    find, embed = landmarker(), embedder()
    for seed, photo in enumerate(_photos(most=MOST)):
        try:
            wanted = portrait_of(photo, find, embed)
        except GenerationError:
            continue
        challenge = recordings.draw_challenge(seed)
        curves = recordings.perform(challenge, seed)

        def seen(frames: Iterable[Picture], seconds: float = challenge.seconds) -> Track:
            path = recordings.write(folder / "clip.webm", frames)
            return Tracker(find, embed).read(path, lambda _: None, seconds)

        frames = recordings.drawn(photo, curves)
        else_ = recordings.drawn(recordings.another_photo(photo, seed), curves)
        yield Person(
            photo,
            wanted,
            challenge,
            drawn=seen(recordings.noisy(frames, seed)),
            other=seen(recordings.noisy(else_, seed)),
            loop=seen(recordings.noisy(recordings.looped(else_, 1.0, 4.5), seed)),
            print_=seen(recordings.held_photo(photo, challenge, seed)),
        )


def _photos(most: int | None) -> Iterator[Picture]:
    named = os.environ.get("PORTRAITS")
    if not named:
        yield _cropped(_read(FIXTURES / "portrait.png"))
        return
    paths = sorted(Path(named).glob("*.*"))
    held_out = [path for index, path in enumerate(paths) if index % TUNED_ON]
    yield from map(_read, held_out[:most])


def _cropped(photo: Picture) -> Picture:
    return cv2.resize(photo[10:270, 95:355], (520, 520), interpolation=cv2.INTER_CUBIC)


def _read(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


def _attacks(people: list[Person]) -> list[Figure]:
    others = [judge(one.other, two.wanted, one.challenge) for one, two in permutations(people, 2)]
    orders = [judge(p.other, p.wanted, wrong) for p in people for wrong in _wrong(p.challenge)]
    return [
        *_passed("different_people", "a face that performs right, another's portrait", others),
        *_passed("still_photo", "a print held up and turned", _own(people, "print_")),
        *_passed("looped_clip", "3.5 s over and over", _own(people, "loop")),
        *_passed("wrong_order", "the actions in another order", orders),
        *_passed("drawn_from_portrait", "our mesh engine, same photo", _own(people, "drawn")),
        *_passed("drawn_from_another_photo", "our mesh engine, other photo", _own(people, "other")),
    ]


def _own(people: list[Person], track: str) -> list[MeasureResult]:
    return [judge(getattr(p, track), p.wanted, p.challenge) for p in people]


def _wrong(challenge: Challenge) -> list[Challenge]:
    asked = [p.action for p in challenge.prompts]
    orders = [list(order) for order in permutations(asked) if list(order) != asked]
    return [
        Challenge(
            tuple(
                Prompt(action, p.start, p.end)
                for action, p in zip(order, challenge.prompts, strict=True)
            ),
            challenge.seconds,
        )
        for order in orders[:: max(1, len(orders) // WRONG_ORDERS)][:WRONG_ORDERS]
    ]


def _passed(name: str, what: str, results: list[MeasureResult]) -> list[Figure]:
    """How many were not refused, with the one-sided 95 % bound of Clopper and Pearson (1934)."""
    if not results:
        return []
    passed = sum(r.verdict is not Verdict.UNUSABLE for r in results)
    return _counted(f"identity_{name}_reaches_reviewer", what, passed, len(results))


def _counted(name: str, what: str, found: int, tries: int) -> list[Figure]:
    bound = 1.0 if found == tries else float(beta.ppf(0.95, found + 1, tries - found))
    note = f"{what}: {found} of {tries}; true rate below {100 * bound:.1f} % (95 %)"
    return [Figure(name, found / tries, "ratio", note, (0.0, bound))]


def _stand_ins(people: list[Person]) -> list[Figure]:
    """Drawn heads in place of genuine ones: do the signals of performance see what was done?"""
    results = _own(people, "other")
    good = sum(not _failed(result) & _performance(result) for result in results)
    note = "drawn stand-ins, NOT genuine people: checks 1 to 3 and 6 to 9 hold"
    match = sum("portrait-match" not in _failed(result) for result in results)
    return [
        *_counted("identity_stand_in_performs", note, good, len(results)),
        *_counted("identity_stand_in_matches", "and check 4 holds", match, len(results)),
    ]


def _failed(result: MeasureResult) -> set[str]:
    return {f.check for f in result.findings if f.verdict is Verdict.UNUSABLE}


def _performance(result: MeasureResult) -> set[str]:
    return PERFORMANCE | {f.check for f in result.findings if f.check.startswith("action-")}


def _pairs(wanted: list[Portrait]) -> list[Figure]:
    gaps = [distance(a.embedding, b.embedding) for a, b in combinations(wanted, 2)]
    figures = []
    for limit in (0.4, 0.5, SAME_BELOW) if gaps else ():
        near = sum(gap < limit for gap in gaps)
        name = f"identity_false_match_below_{round(100 * limit)}"
        figures += _counted(name, "pairs of portraits of different people", near, len(gaps))
    return figures


def _real_clips(people: list[Person]) -> list[Figure]:
    """Real faces that follow no challenge: refused as replays, and one person all the way."""
    named = os.environ.get("CLIPS")
    if not named or not people:
        return []
    find, embed = landmarker(), embedder()
    results = []
    for path in sorted(Path(named).glob("*.*")):
        track = Tracker(find, embed).read(path, lambda _: None, 20)
        if track.found < 0.9 or len(track.embeddings) < 3:
            continue
        itself = Portrait(np.median(track.embeddings, axis=0), track.structures[0])
        results += [judge(track, itself, p.challenge) for p in people]
    return _passed("real_clip_replayed", "a real clip of the right face, no challenge", results)

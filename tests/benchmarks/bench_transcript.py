"""The transcript against the sound: how often the right one is refused and a wrong one is not.

Real speech with its text: the Debian packages ``asterisk-core-sounds-LANG`` (texts) and
``asterisk-core-sounds-LANG-g722`` (one reader a language), for LANG en, es, fr, it. SOUNDS names
the folder that holds them as unpacked or installed (the default is ``/``, where ``apt-get install``
puts them). They are CC-BY-SA-3.0 and no part of this project.

Japanese has no such recordings: JAPANESE names a folder of WAV files with a UTF-8 ``.txt`` of the
same name beside each; without it there are no figures for it.

Clips whose name has an even CRC-32 settled the bounds and are left out here. It takes about three
minutes of one core a language; TRANSCRIPT_CLIPS is the most clips of each (150).
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.stats import beta

from compliance.permit import Verdict
from generation.audio import Phone, Speech, listen, load
from generation.audio.words import words
from generation.gate import Said
from generation.gate.transcript import BOUNDS, LEAST, LEAST_TO_REFUSE, check_transcript
from generation.transcript import denials, read
from tests.benchmarks.harness import Figure
from tests.benchmarks.readings import SOUNDS, g722, recordings

MOST = int(os.environ.get("TRANSCRIPT_CLIPS", "150"))
LONGEST = 25.0  # s
TUNING = os.environ.get("TRANSCRIPT_TUNING") == "1"  # the other half, for whoever sets the bounds
NOT = {"en": "not", "es": "no", "fr": "pas", "it": "non", "ja": "ない"}
OTHER_WORD = {"en": "seven", "es": "siete", "fr": "sept", "it": "sette", "ja": "七"}


@dataclass(frozen=True)
class Clip:
    """What was heard in a recording, and what was read."""

    name: str
    text: str
    heard: list[Phone]
    speech: Speech


@dataclass(frozen=True)
class Tally:
    """How many comparisons there were, and how each came out."""

    usable: int = 0
    doubtful: int = 0
    refused: int = 0

    @property
    def all(self) -> int:
        """Their sum."""
        return self.usable + self.doubtful + self.refused

    def add(self, verdict: Verdict) -> Tally:
        """Return it with one more."""
        field = {Verdict.USABLE: "usable", Verdict.WARNINGS: "doubtful"}.get(verdict, "refused")
        return replace(self, **{field: getattr(self, field) + 1})


def measure() -> list[Figure]:
    """Compares what was heard with right, changed and wrong texts."""
    figures: list[Figure] = []
    for language in BOUNDS:
        began = time.process_time()
        clips = list(_clips(language))
        if not clips:
            print(f"{language}: no recordings with texts under {SOUNDS} (see this file): skipped.")
            continue
        figures += _language(language, clips)
        print(f"{language}: {len(clips)} clips, {time.process_time() - began:.0f} s", flush=True)
    return figures


def _language(language: str, clips: list[Clip]) -> list[Figure]:
    draw = random.Random(0)  # noqa: S311  the same pairs each time
    short = [c for c in clips if LEAST <= _sounds(c, language) < LEAST_TO_REFUSE]
    longer = [c for c in clips if _sounds(c, language) >= LEAST_TO_REFUSE]
    right = {
        "right_short": (short, [c.text for c in short]),
        "right": (longer, [c.text for c in longer]),
        "not_inserted": (longer, [_negated(c.text, language, draw) for c in longer]),
        "word_changed": (longer, [_changed(c.text, language, draw) for c in longer]),
    }
    tallies = {name: _compare(*pair, language) for name, pair in right.items()}
    for name, group in (("other_short", short), ("other", longer)):
        pairs = [(clip, wrong) for clip in group for wrong in _others(clip, group, language, draw)]
        heard, texts = [pair[0] for pair in pairs], [pair[1].text for pair in pairs]
        tallies[name] = _compare(heard, texts, language)
    eights = [longer[at : at + 8] for at in range(0, len(longer) - 7, 8)]
    joined = [_joined(eight) for eight in eights]
    swapped = [_one_exchanged(eight, longer, draw) for eight in eights]
    tallies["right_joined"] = _compare(joined, [clip.text for clip in joined], language)
    tallies["one_of_eight_exchanged"] = _compare(joined, swapped, language)
    figures = [each for name, tally in tallies.items() for each in _figures(language, name, tally)]
    return figures + (_recognised(clips, draw) if language == "en" else [])


def _recognised(clips: list[Clip], draw: random.Random) -> list[Figure]:
    """Whether the recogniser hears as many denying words as were read, and misses one put in."""
    pairs = [(denials(words(clip.speech)), clip.text) for clip in clips]
    alarms = sum(heard != denials(text) for heard, text in pairs)
    seen = sum(heard != denials(_negated(text, "en", draw)) for heard, text in pairs)
    return [
        _counted("transcript_en_negation_false_alarm", alarms, len(pairs)),
        _counted("transcript_en_negation_noticed", seen, len(pairs)),
    ]


def _compare(clips: list[Clip], texts: list[str], language: str) -> Tally:
    tally = Tally()
    for clip, text in zip(clips, texts, strict=True):
        found, facts = check_transcript(clip.heard, Said(text, language))
        if facts["compared"]:
            tally = tally.add(found[0].verdict)
    return tally


def _figures(language: str, name: str, tally: Tally) -> list[Figure]:
    if not tally.all:
        return []
    found = []
    for outcome in ("usable", "doubtful", "refused"):
        figure = f"transcript_{language}_{name}_{outcome}"
        found.append(_counted(figure, getattr(tally, outcome), tally.all))
    return found


def _counted(name: str, found: int, tries: int) -> Figure:
    low, high = _bounds(found, tries)
    note = f"{found} of {tries}; 95 % bounds {100 * low:.1f} to {100 * high:.1f} %"
    return Figure(name, found / tries, "ratio", note, (low, high))


def _bounds(found: int, tries: int) -> tuple[float, float]:
    """Return the two-sided 95 % bounds of Clopper and Pearson (1934)."""
    low = 0.0 if found == 0 else float(beta.ppf(0.025, found, tries - found + 1))
    high = 1.0 if found == tries else float(beta.ppf(0.975, found + 1, tries - found))
    return low, high


def _sounds(clip: Clip, language: str) -> int:
    return len(read(clip.text, language).replace("*", ""))


def _others(clip: Clip, group: list[Clip], language: str, draw: random.Random) -> list[Clip]:
    """Return five texts of like length that share no longer word."""
    size, own = _sounds(clip, language), _long_words(clip.text)
    fit = [
        other
        for other in group
        if not own & _long_words(other.text) and 0.75 < _sounds(other, language) / size < 1.33
    ]
    return draw.sample(fit, min(5, len(fit)))


def _long_words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def _pieces(text: str) -> list[str]:
    return text.split() if " " in text.strip() else list(text)


def _glue(text: str) -> str:
    return " " if " " in text.strip() else ""


def _negated(text: str, language: str, draw: random.Random) -> str:
    words = _pieces(text)
    words.insert(draw.randrange(1, len(words)), NOT[language])
    return _glue(text).join(words)


def _changed(text: str, language: str, draw: random.Random) -> str:
    words = _pieces(text)
    words[draw.randrange(len(words))] = OTHER_WORD[language]
    return _glue(text).join(words)


def _joined(clips: list[Clip]) -> Clip:
    heard = [phone for clip in clips for phone in clip.heard]
    samples = np.concatenate([clip.speech.samples for clip in clips])
    return Clip("", ". ".join(clip.text for clip in clips), heard, Speech(samples))


def _one_exchanged(clips: list[Clip], pool: list[Clip], draw: random.Random) -> str:
    texts = [clip.text for clip in clips]
    texts[4] = draw.choice([clip.text for clip in pool if clip not in clips])
    return ". ".join(texts)


def _clips(language: str) -> Iterator[Clip]:
    taken = 0
    for name, text, path in _recordings(language):
        if crc32(name.encode()) % 2 == TUNING or taken == MOST:
            continue
        speech = load(path) if path.suffix == ".wav" else g722(path)
        if 0.5 <= speech.seconds <= LONGEST:
            taken += 1
            yield Clip(name, text, listen(speech).phones, speech)


def _recordings(language: str) -> Iterator[tuple[str, str, Path]]:
    if language == "ja":
        folder = os.environ.get("JAPANESE")
        for path in sorted(Path(folder).glob("*.wav")) if folder else ():
            yield path.stem, path.with_suffix(".txt").read_text("utf-8").strip(), path
        return
    yield from recordings(language)

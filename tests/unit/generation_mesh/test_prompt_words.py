"""A few words of the vocabulary on the sample portrait: each moves its own measure and no other.

The whole vocabulary on held-out portraits is ``make bench PART=prompt``.
"""

import numpy as np
import pytest

from generation.audio import Speech, load
from generation.prompt import PromptEffects
from generation.prompt.vocabulary import HONOURED
from tests.benchmarks.prompting import clips
from tests.benchmarks.prompting.measures import MEASURES
from tests.benchmarks.prompting.table import BOUND, MARGIN, MOVES, declared, own
from tests.benchmarks.samples import FIXTURES

WORDS = {concept.name: concept for concept in HONOURED}
SECONDS, SEEDS = 2.0, (0, 1)  # one seed by itself differs by a fifth of a unit from the next
# Neutral clips of two seconds differ more by their seed than the steps; see docs/prompt.md.
COUNTED = {"blinks", "glances", "movement", "nodding"}


@pytest.fixture(scope="module")
def drawn(portrait):
    """A function from effects to what was measured of two seconds of them, once a seed."""
    whole = load(FIXTURES / "speech.wav")
    speech = Speech(whole.samples[: int(SECONDS * 16000)])
    return lambda effects: [clips.clip(portrait, effects, n, (speech, []))[0] for n in SEEDS]


@pytest.fixture(scope="module")
def neutral(drawn):
    return drawn(PromptEffects())


@pytest.fixture(scope="module")
def moved(drawn, neutral):
    """A function from a word to what it moves beside neutral clips of the same seeds (mean)."""

    def by(word):
        both = zip(drawn(clips.effects_of(WORDS[word])), neutral, strict=True)
        each = [clip.beside(plain) for clip, plain in both]
        return {name: float(np.mean([found[name] for found in each])) for name in MEASURES}

    return by


@pytest.mark.parametrize(
    "word",
    ["smiling", "surprised", "concerned", "looking-left", "head-tilt", "warm-light", "dim-light"],
)
def test_a_word_moves_its_own_measure_and_no_other(moved, word):
    concept = WORDS[word]
    found = moved(word)
    units = {name: found[name] / measure.step for name, measure in MEASURES.items()}
    measure, way = own(concept)
    assert way * units[measure] >= MARGIN
    others = set(units) - declared(concept) - {measure} - COUNTED
    assert {name: units[name] for name in others if abs(units[name]) > BOUND} == {}


def test_a_still_head_moves_less(moved, neutral):
    found = moved("still")
    usual = np.mean([clip.values["movement"] for clip in neutral])
    assert found["movement"] < -0.4 * usual
    assert abs(found["smile"]) < MEASURES["smile"].step


def test_every_effect_of_the_vocabulary_has_a_measure():
    effects = {effect for concept in HONOURED for effect in concept.adjust}
    assert effects | {"backdrop"} == set(MOVES)
    assert {name for names in MOVES.values() for name in names} <= set(MEASURES)

"""A few words of the vocabulary on the sample portrait: each moves its own measure and no other.

The whole vocabulary on held-out portraits is ``make bench PART=prompt``.
"""

import numpy as np
import pytest

from generation.audio import Heard, Speech, load
from generation.audio.mouth import TRACKS
from generation.prompt import PromptEffects
from generation.prompt.vocabulary import HONOURED
from tests.benchmarks.prompting import clips
from tests.benchmarks.prompting.measures import MEASURES
from tests.benchmarks.prompting.table import BOUND, MARGIN, MOVES, declared, own
from tests.benchmarks.samples import FIXTURES

WORDS = {concept.name: concept for concept in HONOURED}
SECONDS = 2.0
# Neutral clips of two seconds differ more by their seed than the steps; see docs/prompt.md.
COUNTED = {"blinks", "glances", "movement", "nodding"}


@pytest.fixture(scope="module")
def drawn(portrait):
    """A function from effects to what was measured of two seconds of them."""
    whole = load(FIXTURES / "speech.wav")
    speech = Speech(whole.samples[: int(SECONDS * 16000)])
    still = Heard([], np.zeros((1, len(TRACKS)), np.float32))
    return lambda effects: clips.clip(portrait, effects, 0, (speech, still))[0]


@pytest.fixture(scope="module")
def neutral(drawn):
    return drawn(PromptEffects())


@pytest.mark.parametrize(
    "word",
    ["smiling", "surprised", "concerned", "looking-left", "head-tilt", "warm-light", "dim-light"],
)
def test_a_word_moves_its_own_measure_and_no_other(drawn, neutral, word):
    concept = WORDS[word]
    moved = drawn(clips.effects_of(concept)).beside(neutral)
    units = {name: moved[name] / measure.step for name, measure in MEASURES.items()}
    measure, way = own(concept)
    assert way * units[measure] >= MARGIN
    others = set(units) - declared(concept) - {measure} - COUNTED
    assert {name: units[name] for name in others if abs(units[name]) > BOUND} == {}


def test_a_still_head_moves_less(drawn, neutral):
    moved = drawn(clips.effects_of(WORDS["still"])).beside(neutral)
    assert moved["movement"] < -0.4 * neutral.values["movement"]
    assert abs(moved["smile"]) < MEASURES["smile"].step


def test_every_effect_of_the_vocabulary_has_a_measure():
    effects = {effect for concept in HONOURED for effect in concept.adjust}
    assert effects | {"backdrop"} == set(MOVES)
    assert {name for names in MOVES.values() for name in names} <= set(MEASURES)

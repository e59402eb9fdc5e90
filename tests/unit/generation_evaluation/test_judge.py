import numpy as np
import pytest

from generation.audio import SAMPLE_RATE, Speech
from generation.evaluation.alignment import aligned
from generation.evaluation.judge import expect
from generation.evaluation.openings import CLOSED, OPEN, aperture, during
from generation.evaluation.sound import listen, offset

SAID = "Please leave your message after the tone. When done hang up or press the pound key."


@pytest.fixture(scope="session")
def phones(speech):
    return aligned(speech, SAID)


@pytest.fixture(scope="session")
def times(speech):
    return (np.arange(int(speech.seconds * 25)) + 0.5) / 25


def test_a_transcript_is_aligned_with_the_sound(phones):
    assert phones[0].symbol == "p"
    assert [p.start for p in phones] == sorted(p.start for p in phones)
    assert 4.8 < phones[-1].end < 5.8


@pytest.mark.parametrize("text", ["", "zzyzx qwrtp blorgh", "one two three " * 200])
def test_a_text_that_cannot_be_said_here_is_not_aligned(speech, text):
    assert aligned(Speech(speech.samples[: 2 * SAMPLE_RATE]), text) is None


def test_the_judge_agrees_with_sounds_that_are_known(speech, phones, times):
    expected = expect(speech, times)
    assert np.corrcoef(expected.opening, aperture(phones, times))[0, 1] > 0.7
    near = np.convolve(during(phones, CLOSED, times), np.ones(3), "same") > 0
    assert near[expected.closed].mean() > 0.8
    wide = expected.opening[during(phones, OPEN, times)].mean()
    assert wide > 1.5 * expected.opening[during(phones, CLOSED, times)].mean()


def test_silence_is_where_nobody_speaks_and_without_known_sounds_the_judge_decides(speech, times):
    heard = listen(speech, times, 25.0, None)
    assert heard.source == "judge"
    assert heard.silence[-8:].all()
    assert not heard.silence[:100].any()
    assert not (heard.closed & heard.other).any()
    assert heard.speech[:140].mean() > 0.6


def test_a_voice_that_is_quieter_says_the_same(speech, times):
    loud, quiet = (
        listen(Speech(speech.samples * np.float32(gain)), times, 25.0, None) for gain in (1.0, 0.25)
    )
    assert (loud.speech == quiet.speech).mean() > 0.97
    assert np.corrcoef(loud.expected.opening, quiet.expected.opening)[0, 1] > 0.97


def test_a_sound_that_comes_late_is_told_by_how_much(speech):
    late = Speech(np.r_[np.zeros(2400, np.float32), speech.samples[:-2400]])
    assert offset(late, speech).value == pytest.approx(150, abs=10)
    assert offset(speech, speech).value == pytest.approx(0, abs=5)

# ruff: noqa: RUF001  the letters are IPA and are meant
import numpy as np
import pytest

from generation import audio
from generation.audio import Phone, Speech
from generation.motion import Controls, Curves
from generation.motion.speaking import animate, from_speech
from generation.motion.visemes import SHAPES, drawable
from generation.prompt import PromptEffects, understand

PLAIN = PromptEffects()


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return Speech((0.1 * rng.normal(size=32000)).astype(np.float32))


@pytest.fixture
def spoken(voice):
    speech = audio.load(voice)
    return speech, audio.recognise(speech)


def _frame(seconds, fps=25):
    return int(seconds * fps)


def test_there_is_a_frame_for_every_moment_of_the_sound(spoken):
    speech, phones = spoken
    for fps in (24, 25, 30):
        curves = animate(speech, phones, PLAIN, seed=0, fps=fps)
        assert 0 <= len(curves) / fps - speech.seconds < 1 / fps


def test_the_same_seed_gives_the_same_curves_and_another_one_others(voice):
    speech = audio.load(voice)
    first, again = (from_speech(speech, PLAIN, seed=7) for _ in range(2))
    other = from_speech(speech, PLAIN, seed=8)
    for name in Controls._fields:
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.yaw, other.yaw)
    assert np.array_equal(first.gap, other.gap)  # the lips follow the sound, not the dice


@pytest.mark.parametrize("symbol", ["p", "b", "m"])
def test_lips_meet_in_the_middle_of_a_bilabial(noise, symbol):
    phones = [Phone("ɑ", 0.5, 0.7), Phone(symbol, 0.7, 0.78), Phone("ɑ", 0.78, 1.0)]
    curves = animate(noise, phones, PLAIN, seed=0)
    middle = _frame(0.74)
    assert curves.gap[middle] < 0.02
    assert curves.close[middle] > 0.95
    assert curves.gap[_frame(0.6)] > 0.4
    assert curves.gap[_frame(0.9)] > 0.4


def test_a_bilabial_is_shut_for_two_frames_however_short_it_is_heard(noise):
    phones = [Phone("ɑ", 0.5, 0.7), Phone("m", 0.7, 0.72), Phone("ɑ", 0.72, 1.0)]
    curves = animate(noise, phones, PLAIN, seed=0, fps=50)
    shut = curves.close[_frame(0.71, 50) : _frame(0.78, 50)]
    assert shut.min() > 0.95
    assert curves.close[_frame(0.83, 50)] < 0.05


def test_lips_meet_in_another_sound_where_they_may_have_met(noise):
    heard = [
        Phone("a", 0.5, 0.7),
        Phone("n", 0.7, 0.76, shut=0.7),
        Phone("aɪ", 0.76, 1.2, shut=1.0),
    ]
    curves = animate(noise, heard, PLAIN, seed=0)
    assert curves.close[_frame(0.74)] > 0.95
    assert curves.close[_frame(1.03)] > 0.95
    assert curves.close[_frame(0.9)] == 0


def test_a_vowel_is_held_as_long_as_the_voice_is_loud():
    tone = 0.3 * np.sin(np.arange(32000) * 2 * np.pi * 150 / 16000)
    tone[20000:] = 0  # from 1.25 s on
    tone[:8000] = 0
    curves = animate(Speech(tone.astype(np.float32)), [Phone("ɑ", 0.5, 0.62)], PLAIN, seed=0)
    assert curves.gap[_frame(1.05)] > 0.5
    assert not curves.gap[_frame(1.5) :].any()


def test_a_loud_vowel_opens_the_mouth_twice_as_far_as_a_quiet_one():
    tone = 0.3 * np.sin(np.arange(32000) * 2 * np.pi * 150 / 16000)
    tone[16000:] *= 0.2
    tone[:4000] = 0
    phones = [Phone("ɑ", 0.5, 0.9), Phone("t", 0.9, 1.0), Phone("ɑ", 1.1, 1.5)]
    curves = animate(Speech(tone.astype(np.float32)), phones, PLAIN, seed=0)
    assert curves.gap[_frame(0.7)] > 1.6 * curves.gap[_frame(1.3)] > 0.3


def test_every_bilabial_of_the_sample_closes_the_lips(spoken):
    speech, phones = spoken
    curves = animate(speech, phones, PLAIN, seed=0)
    middles = [(p.start + p.end) / 2 for p in phones if p.symbol in "pbm"]
    assert len(middles) >= 5
    for middle in middles:
        assert curves.gap[min(_frame(middle), len(curves) - 1)] < 0.03


def test_the_lower_lip_meets_the_teeth_in_f(noise):
    phones = [Phone("ɑ", 0.5, 0.7), Phone("f", 0.7, 0.8), Phone("ɑ", 0.8, 1.0)]
    curves = animate(noise, phones, PLAIN, seed=0)
    assert curves.labiodental[_frame(0.75)] > 0.95
    assert curves.gap[_frame(0.75)] < 0.15


def test_open_vowels_open_wider_than_close_ones_and_oo_is_round(noise):
    def middle(symbol):
        return animate(noise, [Phone(symbol, 0.8, 1.1)], PLAIN, seed=0).at(_frame(0.95))

    assert middle("ɑ").gap > 2 * middle("i").gap
    assert middle("ɑ").jaw > middle("i").jaw
    assert middle("u").round > 0.7 > 0.1 > middle("i").round
    assert middle("i").wide > 0.3 > 0.05 > middle("u").wide


def test_rounding_begins_before_the_vowel_that_needs_it(noise):
    before = [Phone("t", 0.9, 1.0), Phone("u", 1.0, 1.2)]
    plain = [Phone("t", 0.9, 1.0), Phone("i", 1.0, 1.2)]
    rounded, spread = (
        animate(noise, p, PLAIN, seed=0).round[_frame(0.94)] for p in (before, plain)
    )
    assert rounded > spread + 0.2


def test_a_silent_mouth_is_exactly_still(noise):
    curves = animate(noise, [Phone("ɑ", 0.2, 0.4)], PLAIN, seed=0)
    quiet = slice(_frame(0.9), None)
    for name in ("gap", "jaw", "wide", "round", "protrude", "tongue", "close", "labiodental"):
        assert not getattr(curves, name)[quiet].any(), name


def test_the_head_lives_even_in_silence(noise):
    curves = animate(noise, [], PLAIN, seed=0)
    assert curves.yaw.std() > 0.1
    assert 0.5 < curves.blink.max() < 0.7
    assert np.abs(np.diff(curves.yaw)).max() < 1.0


def test_curves_stay_within_what_can_be_drawn(spoken):
    speech, phones = spoken
    wild = understand("very energetic, very expressive, very surprised, nodding")
    curves = animate(speech, phones, wild, seed=3)
    assert curves.gap.min() >= 0
    assert curves.gap.max() < 1.9
    for name in ("wide", "round", "protrude", "tongue", "close", "labiodental", "blink"):
        track = getattr(curves, name)
        assert track.min() >= 0, name
        assert track.max() <= 1, name
    for name in ("yaw", "pitch", "roll"):
        assert np.abs(getattr(curves, name)).max() <= 12, name


def test_energetic_moves_more_than_calm(spoken):
    speech, phones = spoken
    calm, energetic = (
        animate(speech, phones, understand(p), seed=1) for p in ("calm", "energetic")
    )
    assert energetic.yaw.std() > 1.5 * calm.yaw.std()
    assert energetic.gap.max() > calm.gap.max()


def test_nodding_lowers_the_head_on_stressed_syllables(spoken):
    speech, phones = spoken
    plain, nodding = (animate(speech, phones, understand(p), seed=1) for p in ("", "nodding"))
    lowered = nodding.pitch - plain.pitch
    assert lowered.max() > 3
    assert lowered.min() >= -0.01
    assert (lowered > 1).mean() < 0.6  # nods, not a lowered head


def test_smiling_shows_in_every_frame(spoken):
    speech, phones = spoken
    assert (animate(speech, phones, understand("笑顔"), seed=0).smile > 0.4).all()


def test_unknown_symbols_and_diphthongs_become_what_can_be_drawn():
    phones = [Phone("oʊ", 0.0, 0.2), Phone("ãː", 0.2, 0.3), Phone("³⁵", 0.3, 0.4)]
    known = drawable(phones)
    assert [p.symbol for p in known][:2] == ["o", "ʊ"]
    assert all(p.symbol in SHAPES for p in known)
    assert "³⁵" not in [p.symbol for p in known]


def test_curves_refuse_what_no_engine_could_draw():
    with pytest.raises(ValueError, match="at least one frame"):
        Curves.rest(0)
    with pytest.raises(ValueError, match="finite"):
        Curves.rest(2).with_(gap=np.array([0, np.nan], np.float32))
    with pytest.raises(ValueError, match="one value a frame"):
        Curves.rest(2).with_(gap=np.zeros(3, np.float32))

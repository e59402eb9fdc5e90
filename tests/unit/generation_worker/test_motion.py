# ruff: noqa: RUF001  the letters are IPA and are meant
import numpy as np
import pytest

from generation import audio
from generation.audio import Heard, Phone, Speech
from generation.audio.mouth import STEP, TRACKS
from generation.mesh.calibration import USUAL
from generation.mesh.shapes import lip_gap
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
    return speech, audio.listen(speech)


def heard(*said, seconds=2.0, **tracks):
    """What is heard: (symbol, start, end) of phones, and (start, end, value) of the mouth."""
    mouth = np.zeros((round(seconds / STEP), len(TRACKS)), np.float32)
    for name, spans in tracks.items():
        for start, end, value in spans:
            mouth[round(start / STEP) : round(end / STEP), TRACKS.index(name)] = value
    return Heard([Phone(*each) for each in said], mouth)


def _frame(seconds, fps=25):
    return int(seconds * fps)


def test_there_is_a_frame_for_every_moment_of_the_sound(spoken):
    speech, said = spoken
    for fps in (24, 25, 30):
        curves = animate(speech, said, PLAIN, seed=0, fps=fps)
        assert 0 <= len(curves) / fps - speech.seconds < 1 / fps


def test_the_same_seed_gives_the_same_curves_and_another_one_others(voice):
    speech = audio.load(voice)
    first, again = (from_speech(speech, PLAIN, seed=7) for _ in range(2))
    other = from_speech(speech, PLAIN, seed=8)
    for name in Controls._fields:
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.yaw, other.yaw)
    assert np.array_equal(first.gap, other.gap)  # the lips follow the sound, not the dice


def test_lips_meet_where_they_are_likely_to_and_stand_apart_around(noise):
    said = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=[(0.7, 0.76, 0.6)])
    curves = animate(noise, said, PLAIN, seed=0)
    middle = _frame(0.74)
    assert curves.gap[middle] < 0.02
    assert curves.close[middle] > 0.95
    assert curves.gap[_frame(0.6)] > 0.4
    assert curves.gap[_frame(0.9)] > 0.4


def test_what_is_hardly_likely_shuts_no_lips(noise):
    said = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=[(0.7, 0.76, 0.15)])
    assert not animate(noise, said, PLAIN, seed=0).close.any()


def test_what_a_sure_closure_leaves_in_the_vowels_beside_it_shuts_no_lips(noise):
    read = [(0.6, 0.7, 0.22), (0.7, 0.76, 0.9), (0.76, 0.86, 0.22)]
    said = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=read)
    alone = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=read[1:2])
    curves, sure = (animate(noise, each, PLAIN, seed=0, fps=50) for each in (said, alone))
    assert (curves.close > 0.5).sum() == (sure.close > 0.5).sum() == 4
    weak = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=read[:1])
    assert animate(noise, weak, PLAIN, seed=0, fps=50).close[_frame(0.65, 50)] > 0.95


def test_lips_are_shut_for_two_frames_however_shortly_they_may_meet(noise):
    said = heard(("ɑ", 0.5, 1.0), gap=[(0.5, 1.0, 1.0)], close=[(0.70, 0.72, 0.5)])
    curves = animate(noise, said, PLAIN, seed=0, fps=50)
    shut = np.flatnonzero(curves.close > 0.95)
    assert shut.size >= 2
    assert 0.66 <= shut[0] / 50 < shut[-1] / 50 < 0.76
    assert curves.close[_frame(0.83, 50)] < 0.05


def test_a_sound_is_held_as_long_as_the_voice_is_loud():
    tone = 0.3 * np.sin(np.arange(32000) * 2 * np.pi * 150 / 16000)
    tone[20000:] = 0  # from 1.25 s on
    tone[:8000] = 0
    said = heard(("ɑ", 0.5, 0.62), gap=[(0.5, 2.0, 1.1)])
    curves = animate(Speech(tone.astype(np.float32)), said, PLAIN, seed=0)
    assert curves.gap[_frame(1.05)] > 0.5
    assert not curves.gap[_frame(1.5) :].any()


def test_a_loud_vowel_opens_the_mouth_further_than_a_quiet_one():
    tone = 0.3 * np.sin(np.arange(32000) * 2 * np.pi * 150 / 16000)
    tone[16000:] *= 0.2
    tone[:4000] = 0
    said = heard(("ɑ", 0.5, 0.9), ("ɑ", 1.1, 1.5), gap=[(0.5, 0.9, 1.1), (1.1, 1.5, 1.1)])
    curves = animate(Speech(tone.astype(np.float32)), said, PLAIN, seed=0)
    assert curves.gap[_frame(0.7)] > 1.6 * curves.gap[_frame(1.3)] > 0.3


def test_bilabials_of_the_sample_close_the_lips_and_one_misheard_does_not(spoken):
    """Please, message, up, press, pound; "message after" is taken for one with a "p"."""
    speech, said = spoken
    curves = animate(speech, said, PLAIN, seed=0, fps=50)
    starts = [phone.start for phone in said.phones if phone.symbol in "pbm"]
    around = [slice(max(0, int(at * 50) - 4), int(at * 50) + 8) for at in starts]
    least = [curves.gap[each].min() for each in around]
    assert len(least) == 6
    assert max(least[:2] + least[3:]) < 0.03
    assert not curves.close[around[2]].any()
    frames = range(*around[2].indices(len(curves)))
    assert min(lip_gap(curves.at(at), USUAL) for at in frames) > 0.1


def test_the_lower_lip_meets_the_teeth_in_f(noise):
    opening = [(0.5, 0.7, 0.8), (0.7, 0.8, 0.06), (0.8, 1.0, 0.8)]
    said = heard(("ɑ", 0.5, 1.0), gap=opening, labiodental=[(0.7, 0.8, 0.7)])
    curves = animate(noise, said, PLAIN, seed=0)
    assert curves.labiodental[_frame(0.75)] > 0.95
    assert curves.gap[_frame(0.75)] < 0.15 < curves.gap[_frame(0.6)]


def test_lips_do_what_is_read_and_a_little_early(noise):
    said = heard(("u", 0.5, 1.2), gap=[(0.5, 1.2, 0.4)], round=[(0.9, 1.2, 0.8)])
    curves = animate(noise, said, PLAIN, seed=0, fps=50)
    half = np.flatnonzero(curves.round > 0.4)[0] / 50
    assert 0.84 < half < 0.9
    assert curves.round.max() == pytest.approx(0.8, abs=0.01)
    assert not curves.wide.any()
    assert curves.jaw[_frame(1.0, 50)] > 0.1


def test_a_silent_mouth_is_exactly_still(noise):
    everything = {name: [(0.0, 2.0, 0.6)] for name in TRACKS}
    curves = animate(noise, heard(("ɑ", 0.2, 0.4), **everything), PLAIN, seed=0)
    quiet = slice(_frame(1.4), None)
    for name in ("gap", "jaw", "wide", "round", "protrude", "tongue", "close", "labiodental"):
        assert getattr(curves, name)[_frame(0.3)] >= 0, name
        assert not getattr(curves, name)[quiet].any(), name


def test_the_head_lives_even_in_silence(noise):
    curves = animate(noise, heard(), PLAIN, seed=0)
    assert curves.yaw.std() > 0.1
    assert 0.5 < curves.blink.max() < 0.7
    assert np.abs(np.diff(curves.yaw)).max() < 1.0


def test_curves_stay_within_what_can_be_drawn(spoken):
    speech, said = spoken
    wild = understand("very energetic, very expressive, very surprised, nodding")
    curves = animate(speech, said, wild, seed=3)
    assert curves.gap.min() >= 0
    assert curves.gap.max() < 1.9
    for name in ("wide", "round", "protrude", "tongue", "close", "labiodental", "blink"):
        track = getattr(curves, name)
        assert track.min() >= 0, name
        assert track.max() <= 1, name
    for name in ("yaw", "pitch", "roll"):
        assert np.abs(getattr(curves, name)).max() <= 12, name


def test_energetic_moves_more_than_calm(spoken):
    speech, said = spoken
    calm, energetic = (animate(speech, said, understand(p), seed=1) for p in ("calm", "energetic"))
    assert energetic.yaw.std() > 1.5 * calm.yaw.std()
    assert energetic.gap.max() > calm.gap.max()


def test_nodding_lowers_the_head_on_stressed_syllables(spoken):
    speech, said = spoken
    plain, nodding = (animate(speech, said, understand(p), seed=1) for p in ("", "nodding"))
    lowered = nodding.pitch - plain.pitch
    assert lowered.max() > 3
    assert lowered.min() >= -0.01
    assert (lowered > 1).mean() < 0.6  # nods, not a lowered head


def test_smiling_shows_in_every_frame(spoken):
    speech, said = spoken
    assert (animate(speech, said, understand("笑顔"), seed=0).smile > 0.4).all()


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

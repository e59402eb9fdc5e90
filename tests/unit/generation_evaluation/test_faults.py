"""A planted fault lowers the number it should lower, the more the stronger, and leaves others."""

import pytest

from tests.benchmarks.judging.faults import FAULTS, Fault, judged, named, unmoved

SHORT = ("jitter", "blur")


def test_a_sound_clip_is_in_time_shuts_opens_and_rests(sound):
    assert sound.value("r_judge") > 0.4
    assert abs(sound.value("lag_judge")) <= 1
    assert sound.value("closure") > 0.9
    assert sound.value("lip_speed_silence") < 0.5 * sound.value("lip_speed_speech")
    assert sound.value("identity_mean") < 0.4
    assert sound.value("joint_S") == pytest.approx(0, abs=0.01)
    assert sound.value("joint") > 0.6


@pytest.mark.parametrize("name", ["sound early", "another sound"])
def test_a_fault_of_the_sound_lowers_what_is_heard_and_nothing_that_is_seen(clip, sound, name):
    fault = named(name)
    reports = [judged(clip, fault, strength) for strength in fault.strengths]
    values = [each.value("r_judge") for each in [sound, *reports]]
    assert values[0] > values[1] > max(values[2:])
    assert reports[-1].value("joint_A") <= sound.value("joint_A")
    for measure in fault.leaves:
        assert reports[-1].value(measure) == sound.value(measure)


def test_the_lag_is_what_was_planted(clip, sound):
    for strength in (0.08, 0.16, 0.32):
        planted = judged(clip, named("sound early"), strength)
        moved = planted.value("lag_judge") - sound.value("lag_judge")
        assert moved == pytest.approx(25 * strength, abs=0.75)


@pytest.mark.parametrize("name", SHORT)
def test_a_fault_of_the_picture_is_seen_and_leaves_the_lips_alone(clip, sound, name):
    _holds(clip, sound, named(name), strengths=named(name).strengths[:1])


def test_lips_that_rest_follow_nothing_and_open_in_no_vowel(clip, sound):
    report = judged(clip, named("frozen lips"), 1.0)
    assert report.value("r_judge") == 0 < sound.value("r_judge")
    assert report.value("open_vowels") == 0
    assert report.value("false_closure") > 0.9


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_in_every_strength(clip, sound, fault):
    _holds(clip, sound, fault, strengths=fault.strengths)


def _holds(clip, sound, fault: Fault, strengths: tuple[float, ...]) -> None:
    better = sound.measures()[fault.lowers].better
    values = [sound.value(fault.lowers)]
    for strength in strengths:
        found = judged(clip, fault, strength)
        values.append(found.value(fault.lowers))
        if strength == fault.strengths[0]:
            for name in fault.leaves:
                assert unmoved(found.measures()[name], sound.measures()[name]), name
    assert values == sorted(values, reverse=better == "higher"), values
    assert values[0] != values[-1]

"""What the gate says of a voice track: how much is said, how loud, and what is heard beside it."""

import json
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from compliance.permit import Verdict
from generation import audio
from generation.__main__ import main
from generation.audio.background import flat_tops, music_share, signal_to_noise
from generation.audio.container import declared_seconds, open_audio
from generation.audio.loudness import TARGET, levelled, loudness
from generation.gate import check_voice
from generation.gate.findings import finding
from generation.gate.foretold import foretold
from generation.gate.sound_texts import SOUND_TEXTS
from generation.gate.voice import FORETOLD, VOICE_LIMITS
from generation.motion.speaking import from_speech
from generation.prompt import understand

RATE = audio.SAMPLE_RATE


def _verdicts(measured):
    return {finding.check: finding.verdict for finding in measured.findings}


def _sound(path, samples, rate=RATE):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _music(seconds, rate=RATE):
    """Chords of four notes with overtones, each 0.6 s, as an organ holds them."""
    times = np.arange(int(seconds * rate)) / rate
    sound = np.zeros(times.size)
    for bar, root in enumerate([220.0, 174.6, 196.0, 164.8] * 20):
        here = (times >= bar * 0.6) & (times < (bar + 1) * 0.6)
        for note in (1.0, 1.25, 1.5, 2.0):
            for overtone in (1, 2, 3):
                sound[here] += np.sin(2 * np.pi * root * note * overtone * times[here]) / overtone
    return (0.1 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.fixture
def samples(voice):
    return audio.load(voice).samples


def _beside(samples, other, ratio):
    """The voice with another sound so many dB below its mean level."""
    level = np.sqrt(np.mean(samples**2) / np.mean(other**2)) * 10 ** (-ratio / 20)
    return 0.5 * (samples + level * other)


def test_loudness_is_that_of_the_standard():
    """EBU Tech 3341, case 1, for one channel: 997 Hz at -23 dBFS are 3 dB below two channels."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 997 * np.arange(20 * RATE) / RATE)
    assert loudness(tone.astype(np.float32)) == pytest.approx(-26.0, abs=0.1)


def test_what_is_silent_or_shorter_than_a_block_has_no_loudness():
    assert loudness(np.zeros(RATE, np.float32)) is None
    assert loudness(np.ones(RATE // 5, np.float32)) is None


@pytest.mark.parametrize("gain", [0.01, 0.1, 1.0])
def test_a_voice_is_heard_at_one_loudness_however_quiet(samples, gain):
    heard = levelled(audio.Speech(samples * np.float32(gain)))
    assert loudness(heard.samples) == pytest.approx(TARGET, abs=0.1)
    assert np.abs(heard.samples).max() <= 1.0


def test_a_voice_with_one_loud_knock_is_raised_only_as_far_as_its_peaks_allow(samples):
    knocked = samples * np.float32(0.05)
    knocked[RATE : RATE + 20] = 0.9
    heard = levelled(audio.Speech(knocked)).samples
    assert np.abs(heard).max() == pytest.approx(1.0, abs=1e-5)
    assert loudness(heard) < TARGET


def test_a_quiet_recording_moves_the_lips_as_a_loud_one(samples):
    loud, quiet = (
        from_speech(audio.Speech(samples * np.float32(gain)), understand("calm"), seed=0)
        for gain in (1.0, 0.02)
    )
    assert np.corrcoef(loud.gap, quiet.gap)[0, 1] > 0.98


def test_lips_rest_where_nobody_speaks(samples):
    rest = np.zeros(2 * RATE, np.float32)
    curves = from_speech(
        audio.Speech(np.concatenate([rest, samples, rest])), understand("calm"), seed=0
    )
    assert np.abs(curves.gap[:40]).max() == 0.0
    assert np.abs(curves.gap[-40:]).max() == 0.0


@pytest.mark.parametrize("ratio", [30, 20, 10, 5])
def test_the_ratio_of_voice_to_noise_is_told(samples, ratio):
    noise = np.random.default_rng(0).normal(0, 1, samples.size).astype(np.float32)
    noisy = _beside(samples, noise, ratio)
    told = signal_to_noise(noisy, audio.listen(audio.Speech(noisy)).phones)
    # more: half of white noise is above 4 kHz, and only the louder half of a voice counts as voice
    assert told == pytest.approx(ratio + 6.0, abs=2.0)


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(30, Verdict.USABLE), (2, Verdict.WARNINGS), (-4, Verdict.UNUSABLE)],
)
def test_noise_is_judged_by_how_far_the_voice_stands_out(samples, ratio, verdict, tmp_path):
    noise = np.random.default_rng(0).normal(0, 1, samples.size).astype(np.float32)
    measured = check_voice(_sound(tmp_path / "a.wav", _beside(samples, noise, ratio)))
    assert _verdicts(measured)["sound-noise"] is verdict


def test_lips_are_foretold_to_follow_a_clear_voice_of_any_length(samples):
    for sound in (samples[: 2 * RATE], samples, np.tile(samples, 6)):  # more than is listened to
        assert _foretold(sound) > FORETOLD.warn


def _foretold(sound):
    speech = audio.Speech(sound)
    return foretold(speech, audio.listen(speech).phones)


@pytest.mark.parametrize("level", [-80, -60, -50])
@pytest.mark.parametrize("seconds", [5, 10, 30])
def test_a_quiet_room_between_sentences_is_no_noise_in_the_voice(samples, level, seconds):
    """Rows of pauses counted as speech: a clear voice in a long track was foretold .62."""
    chance = np.random.default_rng(0)
    room = chance.normal(0, 10 ** (level / 20), seconds * RATE).astype(np.float32)
    assert _foretold(np.concatenate([room, samples, room, samples, room])) > FORETOLD.warn


def _in_a_room(samples, seconds):
    size = int(seconds * RATE)
    chance = np.random.default_rng(0).normal(0, 1, size) * 10 ** (-3 * np.arange(size) / size)
    mixed = np.convolve(samples, chance)[: samples.size]
    return (0.9 * mixed / np.abs(mixed).max()).astype(np.float32)


def _breaking_off(samples):
    gone = np.repeat(np.random.default_rng(0).random(samples.size // 960 + 1) < 0.5, 960)
    return np.where(gone[: samples.size], np.float32(0), samples)


def _in_noise(samples):
    noise = np.random.default_rng(0).normal(0, 1, samples.size).astype(np.float32)
    return _beside(samples, noise, -4)


@pytest.mark.parametrize(
    "spoilt",
    [
        _in_noise,
        lambda each: _in_a_room(each, 3.0),
        _breaking_off,
        lambda each: np.clip(200 * each, -1, 1),
        np.sign,
    ],
)
@pytest.mark.parametrize("seconds", [3, 6])
def test_a_voice_that_lips_cannot_follow_is_refused(samples, spoilt, seconds, tmp_path):
    sound = spoilt(samples[: seconds * RATE]).astype(np.float32)
    measured = check_voice(_sound(tmp_path / "a.wav", sound))
    assert _verdicts(measured)["foretold-lips"] is Verdict.UNUSABLE


def test_music_in_which_nobody_speaks_is_refused_and_the_reason_says_so(tmp_path):
    measured = check_voice(_sound(tmp_path / "a.wav", _music(6)))
    verdicts = _verdicts(measured)
    assert measured.verdict is Verdict.UNUSABLE
    assert verdicts["music-only"] is Verdict.UNUSABLE
    [refused] = [f for f in measured.findings if f.check == "music-only"]
    assert "music" in refused.reason["en"]
    assert "音楽" in refused.reason["ja"]
    assert measured.facts["music_seconds"] > 4


def test_music_under_a_voice_is_told_and_not_refused(samples, tmp_path):
    spaced = np.pad(samples, RATE)  # music is heard where a voice pauses
    mixed = _beside(spaced, np.resize(_music(6), spaced.size), 12)
    verdicts = _verdicts(check_voice(_sound(tmp_path / "a.wav", mixed)))
    assert verdicts["music"] is Verdict.WARNINGS
    assert verdicts["speech"] is Verdict.USABLE


def test_a_voice_alone_is_no_music(samples):
    assert music_share(samples) < 0.07


def test_long_sound_is_looked_at_in_pieces(samples):
    assert music_share(np.tile(_music(6), 12)) > 0.8  # 72 s
    assert signal_to_noise(np.tile(samples, 12), []) > 0


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("loudest", [1.0, 0.5])
def test_tops_that_were_cut_off_are_found_at_the_files_own_rate_however_loud(
    samples, rate, loudest, tmp_path
):
    fine = np.interp(np.arange(0, samples.size, RATE / rate), np.arange(samples.size), samples)
    cut = np.clip(8 * fine, -0.9, 0.9) * loudest
    assert flat_tops(_sound(tmp_path / "whole.wav", fine, rate)) < 0.001
    assert flat_tops(_sound(tmp_path / "cut.wav", cut, rate)) > 0.1


def test_a_track_whose_header_claims_more_than_it_holds_is_measured(samples, tmp_path):
    """Raw AAC does not say how long it is; FFmpeg guesses from its first frames of silence."""
    path = tmp_path / "a.aac"
    sound = np.concatenate([np.zeros(3 * RATE, np.float32), samples])[None]
    with av.open(str(path), "w", format="adts") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        for start in range(0, sound.shape[1], 1024):
            block = np.ascontiguousarray(sound[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_audio(path) as (container, stream):
        claimed = declared_seconds(container, stream)

    measured = check_voice(path, max_seconds=10.0)

    assert measured.facts["readable"]
    assert claimed > 2 * measured.facts["seconds"]


def test_a_voice_that_is_hardly_more_than_its_cut_off_tops_is_unusable(samples, tmp_path):
    cut = np.clip(200 * samples, -1, 1)
    assert _verdicts(check_voice(_sound(tmp_path / "a.wav", cut)))["clipping"] is Verdict.UNUSABLE


def test_a_levelled_file_has_the_loudness_that_was_asked_for(voice, tmp_path, capsys):
    quiet, out = tmp_path / "quiet.wav", tmp_path / "out.wav"
    _sound(quiet, audio.load(voice).samples * 0.1)
    assert main(["level", str(quiet), str(out)]) == 0
    assert "-16 LUFS" in capsys.readouterr().out
    with av.open(str(out)) as container:
        assert container.streams.audio[0].rate == 48_000
    assert loudness(audio.load(out).samples) == pytest.approx(TARGET, abs=0.2)


def test_every_limit_has_words_in_both_languages():
    assert all(all(text) for text in SOUND_TEXTS.values())
    for limits in VOICE_LIMITS:
        said = finding(limits.check, Verdict.UNUSABLE)
        assert said.reason["ja"]
        assert said.remedy["en"]


def test_the_documentation_has_the_limits_that_are_judged_by():
    page = (Path(__file__).parents[3] / "docs" / "voice-gate.md").read_text(encoding="utf-8")
    for limits in VOICE_LIMITS:
        bounds = (f"{b:g}" if np.isfinite(b) else "never" for b in (limits.warn, limits.reject))
        assert f"| `{limits.check}` | {limits.unit} | {' | '.join(bounds)} |" in page


def test_the_command_line_shows_what_was_measured(voice, capsys):
    assert main(["check", str(voice), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    checks = {each["check"] for each in told["findings"]}
    assert {"speech", "speech-length", "sound-noise", "music", "clipping", "level"} <= checks
    assert told["facts"]["loudness"] == pytest.approx(-17.0, abs=0.2)


def test_the_sample_voice_is_usable(voice):
    assert check_voice(voice).verdict is Verdict.USABLE


def test_noise_without_speech_is_unusable(tmp_path):
    noise = 0.1 * np.random.default_rng(0).normal(size=48000)
    assert _verdicts(check_voice(_sound(tmp_path / "a.wav", noise)))["speech"] is Verdict.UNUSABLE


def test_an_overdriven_and_a_quiet_voice_are_doubtful(tmp_path, voice):
    with wave.open(str(voice)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    loud = check_voice(_sound(tmp_path / "loud.wav", samples * 8))
    quiet = check_voice(_sound(tmp_path / "quiet.wav", samples * 0.02))
    assert _verdicts(loud)["clipping"] is Verdict.WARNINGS
    assert _verdicts(quiet)["level"] is Verdict.WARNINGS


def test_a_voice_of_a_third_of_a_second_is_too_short(tmp_path, voice):
    with wave.open(str(voice)) as file:
        samples = np.frombuffer(file.readframes(5000), "<i2") / 32768
    measured = check_voice(_sound(tmp_path / "a.wav", samples))
    assert _verdicts(measured)["duration"] is Verdict.UNUSABLE


def test_silence_and_a_text_file_are_findings_and_not_errors(tmp_path):
    silence = check_voice(_sound(tmp_path / "a.wav", np.zeros(16000)))
    (tmp_path / "b.wav").write_text("no sound")
    text = check_voice(tmp_path / "b.wav")
    assert [m.findings[0].check for m in (silence, text)] == ["audio-silent", "audio-unreadable"]
    assert {m.verdict for m in (silence, text)} == {Verdict.UNUSABLE}

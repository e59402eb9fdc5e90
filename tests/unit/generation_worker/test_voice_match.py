"""A voice is compared as the original network does it, and only how alike it is comes out."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from compliance.permit import Verdict
from generation import weights
from generation.audio import load
from generation.audio.voiceprint import WEIGHTS, spoken, voiceprint, voiceprints
from generation.gate import check_track
from generation.gate.voice_match import MATCH, MISMATCH

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SPEECH = FIXTURES / "speech.wav"


def test_the_numbers_are_those_of_the_original() -> None:
    """Made with resemblyzer 0.1.4's tensors by librosa 0.11.0 and torch 2.13.0."""
    original = np.array(json.loads((FIXTURES / "speech.voiceprint.json").read_text()))

    ours = voiceprint(load(SPEECH).samples)

    assert ours.shape == (256,)
    assert np.abs(ours - original).max() < 2e-5


def test_pauses_are_left_out_and_quiet_speech_is_raised() -> None:
    speech = load(SPEECH)
    sound = spoken(speech)

    assert 0.5 * speech.samples.size < sound.size < speech.samples.size
    assert float(np.sqrt((sound**2).mean())) >= 0.9 * 10 ** (-30 / 20)


def test_a_recording_matches_itself_and_names_score_thresholds_and_model() -> None:
    result = check_track(SPEECH, SPEECH)

    match = result.facts["voice_match"]
    assert match["score"] >= 0.99
    assert (match["match"], match["mismatch"]) == (MATCH, MISMATCH)
    assert match["models"] == weights.digests(WEIGHTS)
    assert "voice-match" in {finding.check for finding in result.findings}
    numbers = json.dumps(result.facts)
    assert len(numbers) < 1000, "a voiceprint has 256 numbers: none of them is in the result"


def shifted(path: Path, rate: float) -> Path:
    """The same words by another throat: played faster or slower, pitch and formants move."""
    samples = load(SPEECH).samples
    moved = np.interp(np.arange(0, samples.size, rate), np.arange(samples.size), samples)
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 16_000, 0, "NONE", ""))
        stream.writeframes((moved * 32767).astype("<i2").tobytes())
    return path


def test_another_voice_makes_the_track_unusable(tmp_path: Path) -> None:
    result = check_track(shifted(tmp_path / "other.wav", 0.7), SPEECH)

    verdicts = {finding.check: finding.verdict for finding in result.findings}
    assert verdicts["voice-match"] is Verdict.UNUSABLE
    assert result.verdict is Verdict.UNUSABLE
    assert result.facts["voice_match"]["score"] < MISMATCH


def test_half_a_track_of_somebody_else_is_somebody_elses(tmp_path: Path) -> None:
    own = load(SPEECH).samples
    other = load(shifted(tmp_path / "other.wav", 0.7)).samples
    track = np.concatenate([own, own, other, other])
    path = tmp_path / "mixed.wav"
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 16_000, 0, "NONE", ""))
        stream.writeframes((track * 32767).astype("<i2").tobytes())

    score = check_track(path, SPEECH).facts["voice_match"]["score"]

    assert score < MATCH


@pytest.mark.parametrize("which", ["track", "sample"])
def test_too_little_speech_is_not_compared_and_says_so(which: str, tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    with wave.open(str(short), "wb") as stream:
        stream.setparams((1, 2, 16_000, 0, "NONE", ""))
        stream.writeframes((load(SPEECH).samples[:32_000] * 32767).astype("<i2").tobytes())
    pair = (short, SPEECH) if which == "track" else (SPEECH, short)

    result = check_track(*pair)

    assert result.facts["voice_match"] == {"compared": False, "why": "too-short"}
    assert "voice-not-compared" in {finding.check for finding in result.findings}
    assert result.verdict is not Verdict.USABLE


def test_a_track_that_is_no_sound_is_not_compared(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"not a sound")

    result = check_track(tmp_path / "no.wav", SPEECH)

    assert result.verdict is Verdict.UNUSABLE
    assert "voice_match" not in result.facts


def test_recordings_taken_together_have_the_prints_that_each_has() -> None:
    sound = spoken(load(SPEECH))
    recordings = [sound, sound[: 2 * 16_000], sound[8_000 : 4 * 16_000]]

    together = voiceprints(recordings)

    for print_, samples in zip(together, recordings, strict=True):
        assert np.abs(print_ - voiceprint(samples)).max() < 1e-5

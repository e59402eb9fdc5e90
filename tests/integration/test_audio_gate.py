"""What the gate says of a voice track is on the production's page, in English and Japanese."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from compliance.permit import MeasureResult, Verdict
from generation.audio import SAMPLE_RATE, load
from generation.gate import check_voice
from generation.gate.voice import VOICE_LIMITS
from rakkan.core.errors import RakkanError
from rakkan.pages.words import UNITS
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from tests.integration import people

pytestmark = pytest.mark.django_db


def measured(path: Path, samples: np.ndarray) -> MeasureResult:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return check_voice(path)


def drafted(team: people.Team, result: MeasureResult) -> Production:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
    )
    people.measured(production.pk, result)
    return Production.objects.get(pk=production.pk)


def test_people_read_what_was_measured_of_a_quiet_and_noisy_track(tmp_path: Path) -> None:
    voice = load(people.FIXTURES / "speech.wav").samples
    hiss = np.random.default_rng(0).normal(0, 0.45 * np.sqrt(np.mean(voice**2)), voice.size)
    result = measured(tmp_path / "a.wav", 0.05 * (voice + 2.7 * hiss))
    assert result.verdict is Verdict.UNUSABLE  # the lips follow the hiss: r under 0.6
    team = people.team_make()
    production = drafted(team, result)

    english, japanese = (
        people.page_of(team.requester, production, language) for language in ("en", "ja")
    )

    assert "The lips will hardly follow this voice" in english
    assert "口の動きが音声と合わない見込みです" in japanese
    assert "Noise or other voices are nearly as loud as the voice" in english
    assert "Record it again in a quiet room, near to the microphone." in english
    assert " dB · limit 10<" in english
    assert " LUFS · limit -30<" in english
    assert "雑音やほかの人の声が大きく" in japanese
    assert "静かな部屋で、マイクに近づいて録音し直してください。" in japanese


def test_music_alone_cannot_be_submitted_and_the_refusal_says_why(tmp_path: Path) -> None:
    times = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * note * times) for note in (220, 277.2, 329.6, 440))
    result = measured(tmp_path / "a.wav", 0.1 * chord)
    team = people.team_make()

    with pytest.raises(RakkanError) as refused:
        people.submit(team.requester, drafted(team, result))

    assert refused.value.code == "voice-unusable"
    assert "music in which nobody speaks" in str(refused.value)


def test_every_unit_of_the_audio_gate_has_a_word() -> None:
    assert {limits.unit for limits in VOICE_LIMITS} <= set(UNITS)

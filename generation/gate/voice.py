"""Whether a voice track can drive a face."""

from pathlib import Path
from typing import Any

from compliance.permit import Finding, MeasureResult, Verdict
from generation.audio import MAX_SECONDS, Heard, Phone, Speech, hear, load
from generation.audio.background import flat_tops, music_share, signal_to_noise
from generation.audio.loudness import loudness
from generation.errors import AudioError
from generation.gate.findings import Limits, finding, result, unreadable
from generation.gate.foretold import foretold
from generation.gate.transcript import Said, captions_facts, check_transcript

_DURATION = Limits("duration", "s", warn=1.0, reject=0.5)
# Fluent speech is 10 to 15 phones a second; the recogniser hears none in noise or music.
_SPEECH = Limits("speech", "phones/s", warn=3.0, reject=0.5)
_SPOKEN = Limits("speech-length", "s", warn=1.0, reject=0.2)
# Noise, music and tops that are cut off: docs/voice-gate.md says how often these limits are right.
NOISE = Limits("sound-noise", "dB", warn=10.0, reject=3.0)
FORETOLD = Limits("foretold-lips", "correlation", warn=0.8, reject=0.74)
_ENOUGH = 1.0  # s of speech: of less there is too little to tell
_MUSIC = Limits("music", "of the time", warn=0.10, reject=float("inf"))
_MUSIC_ALONE = Limits("music-only", "of the time", warn=0.25, reject=0.25)
_CLIPPING = Limits("clipping", "fraction", warn=0.001, reject=0.6)
# A convention: 14 dB below what recordings are usually brought to, many people turn up the volume.
_LEVEL = Limits("level", "LUFS", warn=-30.0, reject=-float("inf"))
_SILENT = -70.0  # LUFS, where the loudness of nothing is asked for

VOICE_LIMITS = (
    _DURATION, _SPEECH, _SPOKEN, NOISE, FORETOLD, _MUSIC, _MUSIC_ALONE, _CLIPPING, _LEVEL
)  # fmt: skip


def check_voice(
    path: Path,
    *,
    max_seconds: float = MAX_SECONDS,
    said: Said | None = None,
    threads: int = 1,
) -> MeasureResult:
    """Measure a voice track; a file that is no sound is a finding, not an error.

    Args:
        path: the track.
        max_seconds: the longest that is taken.
        said: what it is said to say, if it is to be compared with that.
        threads: that listen at once.

    Raises:
        WeightsInvalid: what listens is not the pinned one.
    """
    try:
        speech = load(path, max_seconds=max_seconds)
    except AudioError as error:
        return unreadable(error.code, str(error))
    heard = hear(speech, threads=threads)
    findings, facts = judge(path, speech, heard)
    if said is not None and said.text.strip():
        compared, facts["transcript"] = check_transcript(heard.phones, said, speech)
        findings += compared
        if facts["transcript"]["compared"]:  # in a language whose sounds are known
            facts["cues"] = captions_facts(said, heard.phones)
    return result(findings, facts)


def judge(path: Path, speech: Speech, heard: Heard) -> tuple[list[Finding], dict[str, Any]]:
    """Judge a track that could be read, by what was heard in it.

    Raises:
        AudioError: the file has changed meanwhile.
        WeightsInvalid: what foretells is not the pinned one.
    """
    phones = heard.phones
    music, loud = music_share(speech.samples), loudness(speech.samples)
    facts = {
        "readable": True,
        "seconds": round(speech.seconds, 3),
        "phones": len(phones),
        "speech_seconds": round(_spoken(phones), 3),
        "music_seconds": round(music * speech.seconds, 3),
        "loudness": None if loud is None else round(loud, 1),
    }
    findings = [
        finding("audio-unreadable", Verdict.USABLE),
        _DURATION.judge(speech.seconds),
        *_said(speech, phones, music),
        _CLIPPING.judge(flat_tops(path)),
        _LEVEL.judge(_SILENT if loud is None else loud),
    ]
    return findings, facts


def _spoken(phones: list[Phone]) -> float:
    return sum(phone.end - phone.start for phone in phones)


def _said(speech: Speech, phones: list[Phone], music: float) -> list[Finding]:
    """Judge whether somebody speaks, and what is heard beside it where somebody does."""
    said = _SPEECH.judge(len(phones) / speech.seconds)
    if said.verdict is Verdict.UNUSABLE:
        alone = _MUSIC_ALONE.judge(music)
        return [alone if alone.verdict is Verdict.UNUSABLE else said]
    found = [
        said,
        _SPOKEN.judge(_spoken(phones)),
        NOISE.judge(signal_to_noise(speech.samples, phones)),
        _MUSIC.judge(music),
    ]
    if _spoken(phones) >= _ENOUGH:
        found.append(FORETOLD.judge(foretold(speech, phones)))
    return found

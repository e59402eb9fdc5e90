"""Whether a voice track can drive a face."""

from pathlib import Path
from typing import Any

import numpy as np

from compliance.permit import Finding, MeasureResult, Verdict
from generation.audio import MAX_SECONDS, Phone, Speech, load, recognise
from generation.errors import AudioError
from generation.gate.findings import Limits, finding, result, unreadable
from generation.gate.transcript import Said, captions_facts, check_transcript

_DURATION = Limits("duration", "s", warn=1.0, reject=0.5)
# Fluent speech is 10 to 15 phones a second; the recogniser hears none in noise or music.
_SPEECH = Limits("speech", "phones/s", warn=3.0, reject=0.5)
_CLIPPING = Limits("clipping", "fraction", warn=0.001, reject=float("inf"))
_LEVEL = Limits("level", "dB full scale", warn=-45.0, reject=-float("inf"))
_FULL = 0.995


def check_voice(
    path: Path, *, max_seconds: float = MAX_SECONDS, said: Said | None = None
) -> MeasureResult:
    """Measure a voice track; a file that is no sound is a finding, not an error.

    Args:
        path: the track.
        max_seconds: the longest that is taken.
        said: what it is said to say, if it is to be compared with that.

    Raises:
        WeightsInvalid: the phoneme network is not the pinned one.
    """
    try:
        speech = load(path, max_seconds=max_seconds)
    except AudioError as error:
        return unreadable(error.code, str(error))
    phones = recognise(speech)
    facts: dict[str, Any] = {
        "readable": True,
        "seconds": round(speech.seconds, 3),
        "phones": len(phones),
        "speech_seconds": round(sum(p.end - p.start for p in phones), 3),
    }
    findings = _findings(speech, phones)
    if said is not None and said.text.strip():
        compared, facts["transcript"] = check_transcript(phones, said, speech)
        findings += compared
        if facts["transcript"]["compared"]:  # in a language whose sounds are known
            facts["cues"] = captions_facts(said, phones)
    return result(findings, facts)


def _findings(speech: Speech, phones: list[Phone]) -> list[Finding]:
    loud = np.abs(speech.samples)
    rms = float(np.sqrt(np.mean(np.square(speech.samples, dtype=np.float64))))
    return [
        finding("audio-unreadable", Verdict.USABLE),
        _DURATION.judge(speech.seconds),
        _SPEECH.judge(len(phones) / speech.seconds),
        _CLIPPING.judge(float((loud > _FULL).mean())),
        _LEVEL.judge(20 * float(np.log10(rms + 1e-9))),
    ]

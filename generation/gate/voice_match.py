"""Whether a voice track sounds like the person who is said to speak it."""

from pathlib import Path
from typing import Any

from compliance.permit import Finding, MeasureResult, Verdict
from generation import weights
from generation.audio import MAX_SECONDS, SAMPLE_RATE, load
from generation.audio.speech import Samples
from generation.audio.voiceprint import WEIGHTS, spoken, voiceprints
from generation.errors import AudioError
from generation.gate.findings import Limits, finding, result
from generation.gate.transcript import Said
from generation.gate.voice import check_voice

# Cosine of two voiceprints; measured on recordings of seven people, see the model card.
MATCH, MISMATCH = 0.82, 0.70
_MATCH = Limits("voice-match", "similarity", warn=MATCH, reject=MISMATCH)
_PIECE = 10.0  # seconds of speech that are compared at a time: the thresholds are for these
_LEAST = 4.0  # seconds of speech: less says too little, in a track or at its end


def check_track(
    track: Path,
    sample: Path,
    *,
    max_seconds: float = MAX_SECONDS,
    said: Said | None = None,
    threads: int = 1,
) -> MeasureResult:
    """Measure a voice track as :func:`check_voice` does, and compare it with a sample.

    Nothing of the two voiceprints is in the result: only how alike they are.

    Raises:
        WeightsInvalid: a network is not the pinned one.
    """
    measured = check_voice(track, max_seconds=max_seconds, said=said, threads=threads)
    if not measured.facts["readable"]:
        return measured
    match, facts = _compare(track, sample, max_seconds)
    return result([*measured.findings, match], {**measured.facts, "voice_match": facts})


def _compare(track: Path, sample: Path, max_seconds: float) -> tuple[Finding, dict[str, Any]]:
    try:
        known = spoken(load(sample))
    except AudioError as error:
        return _not_compared(error.code)
    heard = spoken(load(track, max_seconds=max_seconds))
    if min(known.size, heard.size) < _LEAST * SAMPLE_RATE:
        return _not_compared("too-short")
    reference, *prints = voiceprints([known, *_pieces(heard)])
    # The least alike piece counts: half a track of somebody else is somebody else's track.
    score = min(float(each @ reference) for each in prints)
    facts = {
        "compared": True,
        "score": round(score, 3),
        "match": MATCH,
        "mismatch": MISMATCH,
        "models": weights.digests(WEIGHTS),
    }
    return _MATCH.judge(score), facts


def _not_compared(why: str) -> tuple[Finding, dict[str, Any]]:
    return finding("voice-not-compared", Verdict.WARNINGS), {"compared": False, "why": why}


def _pieces(samples: Samples) -> list[Samples]:
    """Cut speech into pieces of 10 s; a short rest stays with the last one."""
    length, least = int(_PIECE * SAMPLE_RATE), int(_LEAST * SAMPLE_RATE)
    starts = [start for start in range(0, samples.size, length) if samples.size - start >= least]
    ends = [*starts[1:], samples.size]
    return [samples[start:end] for start, end in zip(starts, ends, strict=True)]

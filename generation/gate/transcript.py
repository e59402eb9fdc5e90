"""Whether a voice track says what its transcript says."""

from dataclasses import dataclass
from typing import Any

from compliance.permit import Finding, Verdict
from generation.audio import Phone, Speech, phonemes, words
from generation.gate.findings import finding
from generation.transcript import LANGUAGES, Alignment, align, classes, denials, read
from generation.transcript.cues import caption_cues

HEARD = "heard"  # words of the person who speaks: they go nowhere but where approvers read them
_LONGEST = 4000  # characters of them that are kept
_UNIT = "distance"


@dataclass(frozen=True)
class Said:
    """What a track is said to say."""

    text: str
    language: str  # BCP 47


@dataclass(frozen=True)
class Bounds:
    """Distances, 0 the same to about 0.55 without relation: see docs/transcripts.md.

    Above ``same`` it is doubtful, above ``other`` it is another text. A single piece of a longer
    text may be less alike than the whole before it is doubtful.
    """

    same: float
    other: float
    piece: float


BOUNDS = {
    "en": Bounds(same=0.20, other=0.42, piece=0.40),
    "es": Bounds(same=0.38, other=0.48, piece=0.48),
    "fr": Bounds(same=0.43, other=0.51, piece=0.52),
    "it": Bounds(same=0.38, other=0.48, piece=0.48),
    "ja": Bounds(same=0.36, other=0.48, piece=0.48),
}
LEAST = 8  # sounds of a text that can be compared: fewer say nothing
LEAST_TO_REFUSE = 20  # fewer are doubtful at most


def check_transcript(
    phones: list[Phone], said: Said, speech: Speech | None = None
) -> tuple[list[Finding], dict[str, Any]]:
    """Compare what was heard with what is said to be said; returns findings and their facts.

    Nothing of the transcript is in the facts; of English speech there are the words that a
    recogniser heard.

    Args:
        phones: the sounds that were heard.
        said: the transcript.
        speech: the track, of which English is read as well; None leaves that out.

    Raises:
        WeightsInvalid: the recogniser's weights are not the pinned ones.
    """
    language = said.language.split("-")[0].lower()
    if language not in LANGUAGES:
        return _not_compared("language-not-measured")
    text, heard = read(said.text, language), classes(phone.symbol for phone in phones)
    alignment = align(text, heard)
    if alignment.compared < LEAST:
        return _not_compared("too-few-words")
    bounds = BOUNDS[language]
    facts = {
        "compared": True,
        "distance": round(alignment.whole, 3),
        "worst": round(alignment.worst, 3),
        "sounds": alignment.compared,
        "same": bounds.same,
        "other": bounds.other,
        "models": {phonemes.WEIGHTS: phonemes.weights_digest()},
    }
    findings = [_judge(alignment, bounds)]
    if speech is not None and language == "en":
        findings += _read_along(speech, said, facts)
    return findings, facts


def captions_facts(said: Said, phones: list[Phone]) -> list[list[int]]:
    """Return when each caption of a transcript is heard: its characters and milliseconds.

    No word of it is in them.
    """
    language = said.language.split("-")[0].lower()
    found = caption_cues(said.text, language, phones)
    return [[cue.first, cue.last, cue.start, cue.end] for cue in found]


def _read_along(speech: Speech, said: Said, facts: dict[str, Any]) -> list[Finding]:
    """Add the recognised words to the facts; say whether both deny equally, if all was read."""
    text = words.words(speech)[:_LONGEST]
    seconds = round(min(speech.seconds, words.MOST_SECONDS), 1)
    facts |= {HEARD: text, "heard_seconds": seconds}
    facts["models"] |= {words.WEIGHTS: words.PINNED}
    if not text or speech.seconds > words.MOST_SECONDS:
        return []
    apart = abs(denials(text) - denials(said.text))
    verdict = Verdict.WARNINGS if apart else Verdict.USABLE
    return [finding("transcript-negation", verdict, apart, 0)]


def _judge(alignment: Alignment, bounds: Bounds) -> Finding:
    whole, worst = alignment.whole, alignment.worst
    if whole > bounds.other and alignment.compared >= LEAST_TO_REFUSE:
        return finding("transcript-other", Verdict.UNUSABLE, whole, bounds.other, _UNIT)
    if whole > bounds.same:
        return finding("transcript", Verdict.WARNINGS, whole, bounds.same, _UNIT)
    if worst > bounds.piece:
        return finding("transcript-part", Verdict.WARNINGS, worst, bounds.piece, _UNIT)
    return finding("transcript", Verdict.USABLE, whole, bounds.same, _UNIT)


def _not_compared(why: str) -> tuple[list[Finding], dict[str, Any]]:
    check = f"transcript-{why}"
    return [finding(check, Verdict.WARNINGS)], {"compared": False, "why": why}

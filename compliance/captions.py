"""Captions as WebVTT (W3C), made of a transcript and the times at which its parts are heard.

Times come from whoever measured the sound and name parts of the text by their characters, so that
no word of a transcript travels with them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from compliance.errors import InvalidInput
from compliance.typesetting import NOT_FIRST

MEDIA_TYPE = "text/vtt"
MOST_BYTES = 1 << 20
MOST_CUES = 1_000
LINE = 42  # characters a viewer reads in one line; of Chinese characters half of them
WIDE_LINE = 16
_WIDE_LANGUAGES = ("ja", "zh", "ko")
_SLACK = 500  # milliseconds that a cue may end after the sound does
# Where Japanese has no spaces, a word mostly begins where hiragana or a sign ends.
_BETWEEN_WORDS = re.compile(r"[\u3040-\u309f\u3001\u3002\uff0c][^\u3040-\u309f]")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: characters ``first`` to ``last`` of a transcript, from and until when."""

    first: int
    last: int  # exclusive
    start: int  # milliseconds
    end: int


def line_length(language: str) -> int:
    """Return how many characters of a language (BCP 47) stand in a line of a caption."""
    return WIDE_LINE if language.split("-", maxsplit=1)[0].lower() in _WIDE_LANGUAGES else LINE


def read_cues(data: Any, text: str, seconds: float) -> tuple[Cue, ...]:
    """Read cues that somebody measured, whom nobody has to trust.

    Args:
        data: a list of [first, last, start, end].
        text: the transcript that they are about.
        seconds: how long the sound is.

    Raises:
        InvalidInput: they do not stand in order within text and sound ("captions-invalid").
    """
    if not isinstance(data, list) or not 0 < len(data) <= MOST_CUES:
        raise _invalid("no list of cues")
    rows = [row for row in data if isinstance(row, list) and len(row) == 4]
    if len(rows) != len(data) or any(type(value) is not int for row in rows for value in row):
        raise _invalid("a cue is not four whole numbers")
    cues = tuple(Cue(*row) for row in rows)
    inside = all(
        0 <= cue.first < cue.last <= len(text)
        and 0 <= cue.start < cue.end <= seconds * 1000 + _SLACK
        for cue in cues
    )
    ordered = all(a.last <= b.first and a.end <= b.start for a, b in pairwise(cues))
    if not inside or not ordered:
        raise _invalid("cues that overlap or lie outside")
    said = "".join(text[cue.first : cue.last] for cue in cues)
    if re.sub(r"\s", "", said) != re.sub(r"\s", "", text):
        raise _invalid("cues that leave words out")
    return cues


def write_webvtt(text: str, cues: Sequence[Cue], language: str) -> bytes:
    """Return a WebVTT file; a cue of more than one line is broken in the middle.

    Args:
        text: the transcript.
        cues: parts of it, in order.
        language: BCP 47.
    """
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues, start=1):
        lines = _lines(" ".join(text[cue.first : cue.last].split()), line_length(language))
        times = f"{_stamp(cue.start)} --> {_stamp(cue.end)}"
        blocks.append("\n".join([str(number), times, *map(_escaped, lines)]))
    return ("\n\n".join(blocks) + "\n").encode()


def _lines(words: str, longest: int) -> list[str]:
    if len(words) <= longest:
        return [words]
    middle = len(words) / 2
    gaps = [match.start() for match in re.finditer(" ", words)]
    if not gaps and longest == WIDE_LINE:
        gaps = [at for at in range(1, len(words)) if words[at] not in NOT_FIRST]
        gaps = [at for at in gaps if _BETWEEN_WORDS.match(words, at - 1)] or gaps
    if not gaps:
        return [words]
    at = min(gaps, key=lambda gap: (abs(gap - middle), gap))
    return [words[:at].rstrip(), words[at:].lstrip()]


def _escaped(line: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in line)


def _stamp(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"


def _invalid(what: str) -> InvalidInput:
    return InvalidInput(f"No captions can be made of this: {what}.", code="captions-invalid")

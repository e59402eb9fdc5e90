"""When each part of a transcript is heard: its words over the sounds, grouped into captions."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from compliance.captions import MOST_CUES, Cue, line_length
from generation.audio import Phone
from generation.transcript.alignment import places
from generation.transcript.reading import Piece, pieces
from generation.transcript.sounds import classes

_LONGEST = 6.0  # s of one caption
_SHORTEST = 1.0  # s: less is not read
_ENDS = frozenset("。！？.!?…\n")  # noqa: RUF001  after these a sentence is over
_PAUSES = frozenset("、，,;:；：–—")  # noqa: RUF001  where a long one is best broken
_OPENING = frozenset("「『（([{“‘\"'¿¡«")  # noqa: RUF001  belong to what follows
_PAUSE = 0.6  # s of silence that ends a caption


@dataclass(frozen=True)
class Timed:
    """A word of the text: its characters, and when it is heard, in seconds."""

    first: int
    last: int  # exclusive
    start: float
    end: float


def caption_cues(text: str, language: str, phones: list[Phone]) -> tuple[Cue, ...]:
    """Return captions of a text that is heard, in order; together they hold all of it.

    Args:
        text: as somebody wrote it.
        language: one of those that can be read aloud.
        phones: what was heard, in order.

    Returns:
        Cues; empty where no word could be laid over the sounds, or there were too many.
    """
    words = timed_words(text, language, phones)
    if not words:
        return ()
    groups = list(_groups(text, words, line_length(language)))
    if len(groups) > MOST_CUES:
        return ()
    begins = [_begin(text, group[0].first) for group in groups]
    spans = pairwise([0, *begins[1:], len(text)])
    ends = [*(group[0].start for group in groups[1:]), float("inf")]
    return tuple(
        Cue(first, last, *_milliseconds(group, before))
        for (first, last), group, before in zip(spans, groups, ends, strict=True)
    )


def timed_words(text: str, language: str, phones: list[Phone]) -> list[Timed]:
    """Return the words of a text with the times at which they are heard.

    A word that was not found among the sounds gets its share of the time between its neighbours.
    """
    written = pieces(text, language)
    letters, of_word = _without_repetitions([piece.sounds for piece in written])
    sounds = [classes([phone.symbol]) for phone in phones]
    heard, of_phone = _without_repetitions(sounds)
    if not letters or not heard:
        return []
    found: dict[int, tuple[float, float]] = {}
    for place, (start, end) in enumerate(places(letters, heard)):
        if start == end:
            continue
        times = phones[of_phone[start]].start, phones[of_phone[end - 1]].end
        begun = found.get(of_word[place], times)
        found[of_word[place]] = min(begun[0], times[0]), max(begun[1], times[1])
    return _filled(written, found) if found else []


def _without_repetitions(parts: list[str]) -> tuple[str, list[int]]:
    """Return letters without doubles, and for each which part it is of."""
    letters, owners = "", []
    for number, part in enumerate(parts):
        for letter in part:
            if letter != letters[-1:]:
                letters += letter
                owners.append(number)
    return letters, owners


def _filled(written: list[Piece], found: dict[int, tuple[float, float]]) -> list[Timed]:
    """Give every word a time: those that were not found share what lies between the others."""
    words: list[Timed] = []
    known = sorted(found)
    for number, piece in enumerate(written):
        if number in found:
            start, end = found[number]
        else:
            before = max((one for one in known if one < number), default=None)
            after = min((one for one in known if one > number), default=None)
            low = found[before][1] if before is not None else 0.0
            high = found[after][0] if after is not None else low
            first = number if before is None else before + 1
            count = (len(written) if after is None else after) - first
            width = max(0.0, high - low) / max(count, 1)
            start = low + (number - first) * width
            end = start + width
        start = max(start, words[-1].start if words else 0.0)
        words.append(Timed(piece.first, piece.last, start, max(start, end)))
    return words


def _groups(text: str, words: list[Timed], line: int) -> Iterator[list[Timed]]:
    """Yield the words of each caption: a sentence, or as much of it as two lines hold."""
    group: list[Timed] = []
    for word, following in zip(words, [*words[1:], None], strict=True):
        group.append(word)
        if following is None:
            break
        between = set(text[word.last : following.first])
        length = following.last - group[0].first
        lasts = following.end - group[0].start
        full = length > 2 * line or lasts > _LONGEST
        pause = bool(between & _PAUSES) and (length > line or lasts > _LONGEST / 2)
        silence = following.start - word.end >= _PAUSE and word.end - group[0].start >= _SHORTEST
        if between & _ENDS or full or pause or silence:
            yield group
            group = []
    if group:
        yield group


def _begin(text: str, first: int) -> int:
    """Return where a caption begins: with the bracket or quote before its first word."""
    while first and text[first - 1] in _OPENING:
        first -= 1
    return first


def _milliseconds(group: list[Timed], before: float) -> tuple[int, int]:
    """Return from and until when a caption stands: long enough to be read, if there is time."""
    start = group[0].start
    end = min(max(group[-1].end, start + _SHORTEST), before)
    first = round(start * 1000)
    return first, max(first + 1, round(end * 1000))

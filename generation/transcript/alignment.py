"""How a text and what was heard align: Levenshtein's distance over classes of sounds, with gaps.

Wagner and Fischer, "The string-to-string correction problem" (1974). A number or sign in the text
(``sounds.WILD``) takes some sounds without cost. The worst piece is found besides the whole,
because a text that is right for the most part may say something else in the middle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.transcript.sounds import WILD, distance, weight

PIECE = 48  # sounds of the text that are judged at a time: some four seconds of speech
_TAKES = 24  # sounds that a number or sign may take: "two thousand and twenty-five"
_ACROSS, _DOWN, _ALONG, _WILD = range(4)  # heard for written; not heard; not written; taken
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """How unlike a text and the sound are: 0 the same, about 0.55 two texts without relation.

    Attributes:
        whole: over everything.
        worst: over the least alike piece; equal to ``whole`` for a text of one piece.
        compared: classes of the text that could be compared.
    """

    whole: float
    worst: float
    compared: int


def align(text: str, heard: str) -> Alignment:
    """Align the classes of a text with those that were heard; memory is their product in bytes."""
    compared = sum(letter != WILD for letter in text)
    if not compared or not heard or compared > 2 * len(heard) + 2 * PIECE:
        return Alignment(1.0, 1.0, compared)  # nothing, or far more than can have been said
    columns = _trace(text, heard, _moves(text, heard))  # (positions, 3)
    return Alignment(_unlike(columns), _worst(columns), compared)


def _moves(text: str, heard: str) -> NDArray[np.uint8]:
    """Return (text, heard + 1) moves by which each place is reached best.

    Two numbers in a byte: the move, and for a wild place how many sounds it took.
    """
    along = np.array([weight(sound) for sound in heard], np.float32)
    so_far = np.concatenate([[0.0], np.cumsum(along)]).astype(np.float32)
    costs = {each: _costs(each, heard) for each in set(text) - {WILD}}
    moves = np.empty((len(text), len(heard) + 1), np.uint8)
    row = so_far.copy()
    for place, letter in enumerate(text):
        if letter == WILD:
            reached, moves[place] = _taken(row)
        else:
            reached = row + weight(letter)
            moves[place] = _DOWN
            across = row[:-1] + costs[letter]
            better = across <= reached[1:]
            reached[1:][better] = across[better]
            moves[place, 1:][better] = _ACROSS
        row = np.minimum.accumulate(reached - so_far) + so_far
        moves[place][row < reached - 1e-4] = _ALONG
    return moves


def _costs(letter: str, heard: str) -> Floats:
    return np.array([distance(letter, sound) for sound in heard], np.float32)


def _taken(row: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the least of the last places of a row at each place, and how far back it was."""
    size = _TAKES + 1
    padded = np.pad(row, (_TAKES, 0), constant_values=np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)  # (places, 25)
    back = _TAKES - np.argmin(windows, axis=1)
    return windows.min(axis=1), (_WILD + (back << 2)).astype(np.uint8)


def places(text: str, heard: str) -> list[tuple[int, int]]:
    """Return for each place of the text which of the sounds are its own: from, until; may be none.

    Memory is the product of both in bytes.
    """
    spans = [(0, 0)] * len(text)
    for place, move, start, end in _walk(text, heard, _moves(text, heard)):
        if move != _ALONG:
            spans[place] = (start, end)
    return spans


def _walk(text: str, heard: str, moves: NDArray[np.uint8]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the best way from its end: place of the text, move, and the sounds from and until."""
    place, at = len(text) - 1, len(heard)
    while place >= 0:
        move, taken = int(moves[place, at]) & 3, int(moves[place, at]) >> 2
        start = at - (taken if move == _WILD else 0 if move == _DOWN else 1)
        yield place, move, start, at
        at = start
        place -= move != _ALONG


def _trace(text: str, heard: str, moves: NDArray[np.uint8]) -> NDArray[Any]:
    """Return (places, 3) of the text in order: cost, sounds written and sounds heard there."""
    columns, at = np.zeros((len(text), 3)), len(heard)
    for place, move, at, _ in _walk(text, heard, moves):
        if move == _ALONG:
            columns[place] += (weight(heard[at]), 0, 1)
        elif move == _ACROSS:
            columns[place] += (distance(text[place], heard[at]), 1, 1)
        elif move == _DOWN:
            columns[place] += (weight(text[place]), 1, 0)
    columns[0] += (sum(map(weight, heard[:at])), 0, at)
    return columns


def _worst(columns: NDArray[Any]) -> float:
    written = int(columns[:, 1].sum())
    if written < 2 * PIECE:
        return _unlike(columns)
    order = np.cumsum(columns[:, 1])
    starts = range(0, written - PIECE + 1, PIECE // 2)
    return max(_unlike(columns[(order > start) & (order <= start + PIECE)]) for start in starts)


def _unlike(columns: NDArray[Any]) -> float:
    cost, written, heard = columns.sum(axis=0)
    return float(cost / max(written, heard, 1))

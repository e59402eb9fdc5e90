"""How a text sounds when it is read, as broad classes.

Letters become IPA by hama's network; Japanese is cut and read by SudachiPy. Numbers, signs and
abbreviations are read in too many ways and match anything short.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

from hama import G2PModel  # type: ignore[import-untyped]

from generation.transcript import japanese
from generation.transcript.sounds import WILD, classes, once

LANGUAGES = ("en", "es", "fr", "it", "ja")  # those that were measured: docs/transcripts.md
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d[\d.,:/-]*|[%€$£¥#*@&+=°§]+")
_WORDS = "aeiouyàèòéó"  # words of one letter; any other single letter is spelled
_LONGEST = 40  # letters of a word: a longer one is no word


@dataclass(frozen=True)
class Piece:
    """A word of a text: its characters there, and the classes of its sounds."""

    first: int
    last: int  # exclusive
    sounds: str


def pieces(text: str, language: str) -> list[Piece]:
    """Return the words of a text, in order, with their places in it.

    Args:
        text: as somebody wrote it.
        language: one of :data:`LANGUAGES`.
    """
    folded = [unicodedata.normalize("NFKC", letter) for letter in text]
    origin = [place for place, letters in enumerate(folded) for _ in letters]
    plain = "".join(folded)
    if language == "ja":
        found = japanese.pieces(plain)
    else:
        found = [(m.start(), m.end(), _word(m.group())) for m in _WORD.finditer(plain)]
    return [Piece(origin[start], origin[end - 1] + 1, sounds) for start, end, sounds in found]


def read(text: str, language: str) -> str:
    """Return the classes of a text, in order.

    Args:
        text: as somebody wrote it.
        language: one of :data:`LANGUAGES`.
    """
    plain = unicodedata.normalize("NFKC", text)
    if language == "ja":
        return once(japanese.read(plain))
    return once("".join(_word(word) for word in _WORD.findall(plain)))


def _word(word: str) -> str:
    letter = len(word) == 1 and word.lower() not in _WORDS
    spelled = letter or (word.isupper() and 1 < len(word) < 6)
    if not word[0].isalpha() or spelled or len(word) > _LONGEST:
        return WILD
    return _sounds(word.lower())


@functools.lru_cache(maxsize=20_000)
def _sounds(word: str) -> str:
    result = _network()(word, split_delimiter=None)
    return classes(each.phoneme for each in result.alignments) or WILD


@functools.cache
def _network() -> G2PModel:
    return G2PModel()

# ruff: noqa: RUF001  kana look like signs
"""How Japanese is read: SudachiPy gives kana, a table gives their sounds."""

import functools
import re
import unicodedata
from typing import Any

from sudachipy import Dictionary, Tokenizer  # type: ignore[import-untyped]

from generation.transcript.sounds import WILD

_ROWS = {
    "アァ": "a", "イィ": "i", "ウゥ": "u", "エェ": "e", "オォヲ": "o",
    "カガ": "Ka", "キギ": "Ki", "クグ": "Ku", "ケゲ": "Ke", "コゴ": "Ko",
    "サザ": "Sa", "シジヂ": "Ci", "スズヅ": "Su", "セゼ": "Se", "ソゾ": "So",
    "タダ": "Ta", "チ": "Ci", "ツ": "Su", "テデ": "Te", "トド": "To",
    "ナ": "Na", "ニ": "Ni", "ヌ": "Nu", "ネ": "Ne", "ノ": "No",
    "ハ": "Ha", "ヒ": "Hi", "フ": "Fu", "ヘ": "He", "ホ": "Ho",
    "バパ": "Pa", "ビピ": "Pi", "ブプ": "Pu", "ベペ": "Pe", "ボポ": "Po",
    "マ": "Ma", "ミ": "Mi", "ム": "Mu", "メ": "Me", "モ": "Mo",
    "ヤャ": "Ja", "ユュ": "Ju", "ヨョ": "Jo", "ヴ": "Fu",
    "ラ": "Ra", "リ": "Ri", "ル": "Ru", "レ": "Re", "ロ": "Ro",
    "ワヮ": "Wa", "ン": "N", "ー": "", "ッ": "",
}  # fmt: skip
_KANA = {kana: sounds for row, sounds in _ROWS.items() for kana in row}
_SMALL = frozenset("ャュョァィゥェォヮ")  # the vowel before them is not said: キャ is "Kja"
_PARTICLES = {"ハ": "ワ", "ヘ": "エ", "ヲ": "オ"}
_SPOKEN = re.compile(r"[^\W\d_]")
_UNREAD = re.compile(r"[A-Za-z0-9]")  # foreign words and numbers: said in more than one way


def pieces(text: str) -> list[tuple[int, int, str]]:
    """Return (first, last, classes) of the words of a text, exclusive of ``last``; no signs."""
    return [
        (m.begin(), m.end(), _sounds(m.surface(), _kana(m)))
        for m in _tokenizer().tokenize(text)
        if _SPOKEN.search(m.surface()) or _UNREAD.search(m.surface())
    ]


def read(text: str) -> str:
    """Return the classes of a text, with wild places for what is no Japanese word."""
    return "".join(
        _sounds(*each) for each in ((m.surface(), _kana(m)) for m in _tokenizer().tokenize(text))
    )


def _kana(morpheme: Any) -> str:
    reading = str(morpheme.reading_form())
    particle = morpheme.part_of_speech()[0] == "助詞"
    return _PARTICLES.get(reading, reading) if particle else reading


def _sounds(surface: str, reading: str) -> str:
    if _UNREAD.search(unicodedata.normalize("NFKC", surface)):
        return WILD
    if not _SPOKEN.search(surface):
        return ""
    sounds = ""
    for kana in reading:
        if kana in _SMALL and sounds[-1:] in "aiueo":
            sounds = sounds[:-1]
        sounds += _KANA.get(kana, "")
    return sounds or WILD


@functools.cache
def _tokenizer() -> Tokenizer:
    return Dictionary(dict="small").tokenizer()

# ruff: noqa: RUF001  IPA looks like other letters
"""How far lips are apart in each sound, from articulatory phonetics; no engine reads this table.

Relative lip aperture, 0 closed to 1 as in "ah", by height and rounding of vowels and manner of
consonants (Ladefoged and Johnson, "A Course in Phonetics", 7th ed.). It is coarse on purpose: a
judge needs which sounds are open and which are shut, not how one speaker says them.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.audio import Phone

Track = NDArray[np.float64]  # (T,): one value a frame
Marks = NDArray[np.bool_]  # (T,)

CLOSED = frozenset("pbm")
_SPREAD = 0.060  # s: half the width over which a sound shapes its neighbours
_RATE = 200  # Hz on which sounds are laid before they are sampled

_LEVELS = {
    1.0: "a ɑ ɒ æ ä ɐ",
    0.75: "ɔ ɛ ʌ œ",
    0.55: "e o ø ɜ ɤ",
    0.45: "ə ɘ ɚ ɝ ɵ h ɦ",
    0.35: "i ɪ ʊ ɨ ʉ k g ɡ x ɣ ŋ q χ ʁ ʔ l ɫ ʎ j ç ɰ",
    0.25: "u y ɯ ʏ t d n r ɾ ɹ ɽ ɻ ɲ θ ð ɖ ʈ ɟ c",
    0.15: "s z ʃ ʒ ɕ ʑ ʂ ʐ w ɥ",
    0.05: "f v ɸ β ʋ",
    0.0: "p b m ɱ",
}
OPENING = {letter: level for level, letters in _LEVELS.items() for letter in letters.split()}
APART = frozenset(OPENING) - CLOSED - {"ɱ"}
OPEN = frozenset(["a", "ɑ", "ɒ", "æ", "ä"])
ARPABET = {
    **{"AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ"},
    **{"D": "d", "DH": "ð", "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h"},
    **{"IH": "ɪ", "IY": "i", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ"},
    **{"OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ"},
    **{"UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ"},
}


def letters(symbol: str) -> str:
    """Return the plain letters of an IPA symbol that the table knows, marks and length left out."""
    plain = unicodedata.normalize("NFD", symbol)
    return "".join(letter for letter in plain if letter in OPENING)


def aperture(phones: Sequence[Phone], times: Track) -> Track:
    """Return the expected lip aperture (T,), 0 in pauses to 1, at `times` in seconds."""
    fine = np.zeros(int(np.ceil((times[-1] + 1) * _RATE)))
    for phone in phones:
        signs = letters(phone.symbol)
        edges = np.linspace(phone.start, phone.end, len(signs) + 1)
        for sign, start, end in zip(signs, edges[:-1], edges[1:], strict=True):
            fine[int(start * _RATE) : max(int(end * _RATE), int(start * _RATE) + 1)] = OPENING[sign]
    kernel = np.hanning(int(2 * _SPREAD * _RATE) + 1)
    blurred = np.convolve(fine, kernel / kernel.sum(), mode="same")
    found: Track = np.interp(times, np.arange(fine.size) / _RATE, blurred)
    return found


def during(phones: Sequence[Phone], wanted: frozenset[str], times: Track) -> Marks:
    """Return at which `times` (T,) a sound of `wanted` letters is said."""
    marks = np.zeros(times.size, bool)
    for phone in phones:
        signs = letters(phone.symbol)
        if signs and signs[0] in wanted:
            end = phone.end if len(signs) == 1 else (phone.start + phone.end) / 2
            marks |= (times >= phone.start) & (times < end)
    return marks

# ruff: noqa: RUF001  the letters are IPA and are meant
"""What the lips want to do for each phoneme.

The values were set by eye on one reader. What is read of a voice was taught by them.
"""

from typing import NamedTuple

from generation.audio import Phone


class Shape(NamedTuple):
    """Lip targets of one phone: gap in cm between the inner lips, the rest 0..1."""

    gap: float
    wide: float = 0.0
    round: float = 0.0
    protrude: float = 0.0
    tongue: float = 0.0


SHAPES: dict[str, Shape] = {
    # open vowels
    "æ": Shape(1.0, wide=0.35),
    "ɑ": Shape(1.15),
    "a": Shape(1.1, wide=0.1),
    "ɐ": Shape(0.7),
    "ʌ": Shape(0.65),
    "ə": Shape(0.42, wide=0.05),
    "ɛ": Shape(0.75, wide=0.3),
    # spread vowels
    "e": Shape(0.6, wide=0.35),
    "ɪ": Shape(0.42, wide=0.3),
    "i": Shape(0.34, wide=0.5),
    # rounded vowels
    "ɔ": Shape(0.9, round=0.5, protrude=0.4),
    "ɒ": Shape(0.95, round=0.35, protrude=0.2),
    "o": Shape(0.6, round=0.75, protrude=0.6),
    "ʊ": Shape(0.38, round=0.6, protrude=0.5),
    "u": Shape(0.28, round=0.95, protrude=0.9),
    "ɝ": Shape(0.38, round=0.45, protrude=0.4, tongue=0.2),
    "ɚ": Shape(0.38, round=0.4, protrude=0.4, tongue=0.2),
    "ɜ": Shape(0.45, round=0.3, protrude=0.3, tongue=0.1),
    # lips together
    "p": Shape(-0.1, round=0.05),
    "b": Shape(-0.1, round=0.05),
    "m": Shape(-0.1, round=0.05),
    # lower lip at the teeth
    "f": Shape(0.06, wide=0.1),
    "v": Shape(0.06, wide=0.1),
    # tongue at or between the teeth
    "θ": Shape(0.32, wide=0.1, tongue=1.0),
    "ð": Shape(0.32, wide=0.1, tongue=1.0),
    "t": Shape(0.28, wide=0.15, tongue=0.6),
    "d": Shape(0.28, wide=0.15, tongue=0.6),
    "n": Shape(0.3, wide=0.15, tongue=0.7),
    "l": Shape(0.4, wide=0.1, tongue=0.9),
    "ɾ": Shape(0.32, wide=0.1, tongue=0.6),
    # teeth nearly together
    "s": Shape(0.18, wide=0.35, tongue=0.1),
    "z": Shape(0.18, wide=0.35, tongue=0.1),
    "ʃ": Shape(0.28, round=0.5, protrude=0.7),
    "ʒ": Shape(0.28, round=0.5, protrude=0.7),
    "t͡ʃ": Shape(0.26, round=0.45, protrude=0.6, tongue=0.2),
    "d͡ʒ": Shape(0.26, round=0.45, protrude=0.6, tongue=0.2),
    # made behind the lips: they hardly matter to the mouth
    "k": Shape(0.4, wide=0.1),
    "g": Shape(0.4, wide=0.1),
    "ɡ": Shape(0.4, wide=0.1),
    "ŋ": Shape(0.4, wide=0.1),
    "h": Shape(0.5),
    # glides
    "ɹ": Shape(0.32, round=0.5, protrude=0.45, tongue=0.2),
    "r": Shape(0.35, round=0.2, protrude=0.2, tongue=0.5),
    "w": Shape(0.16, round=0.95, protrude=0.8),
    "j": Shape(0.3, wide=0.35, tongue=0.2),
}
DIPHTHONGS: dict[str, tuple[str, str]] = {
    "aɪ": ("a", "ɪ"),
    "aʊ": ("a", "ʊ"),
    "ɔɪ": ("ɔ", "ɪ"),
    "eɪ": ("e", "ɪ"),
    "oʊ": ("o", "ʊ"),
    "ju": ("j", "u"),
    "eə": ("e", "ə"),
    "ɪə": ("ɪ", "ə"),
}


def drawable(phones: list[Phone]) -> list[Phone]:
    """Return ``phones`` as ones that :data:`SHAPES` knows.

    Diphthongs become their two halves, unknown symbols their first known letter; what is left
    (tone marks and the like) moves no lips and is dropped.
    """
    known = []
    for phone in phones:
        if phone.symbol in DIPHTHONGS:
            first, second = DIPHTHONGS[phone.symbol]
            middle = (phone.start + phone.end) / 2
            known.append(Phone(first, phone.start, middle))
            known.append(Phone(second, middle, phone.end))
        elif phone.symbol in SHAPES:
            known.append(phone)
        elif phone.symbol[:1] in SHAPES:
            known.append(Phone(phone.symbol[:1], phone.start, phone.end))
    return known

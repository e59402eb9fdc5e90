# ruff: noqa: RUF001  IPA looks like other letters
"""Broad classes of sounds, and how far two of them are apart.

The recogniser hears every language as the nearest English phones, and a text read by rules has its
own idea of them. What both agree on is coarse: where the mouth closes, hisses or opens.
"""

import functools
from collections.abc import Iterable
from itertools import groupby

WILD = "*"  # stands for what is said in more than one way: numbers, signs, abbreviations

_CLASSES = {
    "P": "p b pʰ p͈ ɓ β ʙ",
    "M": "m ɱ",
    "F": "f v ɸ ʋ",
    "T": "t d tʰ t͈ ɖ ɗ ʈ",
    "N": "n ɲ ŋ ɴ",
    "S": "s z s͈ θ ð ʐ ʂ ẑ",
    "C": "ʃ ʒ t͡ʃ d͡ʒ t͡ɕ t͡ɕʰ t͡ɕ͈ ɕ ʑ t͡s d͡z",
    "K": "k g ɡ kʰ k͈ x ɣ χ q ɟ c",
    "H": "h ɦ ħ ç",
    "L": "l ɫ ʎ ɮ",
    "R": "r ɹ ɾ ɽ ʁ ʀ ɻ",
    "W": "w ɰ ʷ",
    "J": "j ʝ ɥ",
    "Ja": "ja jʌ",
    "Je": "je",
    "Jo": "jo",
    "Ju": "ju",
    "Wa": "wa wʌ",
    "We": "we",
    "Wi": "wi",
    "i": "i ɪ y ʏ ĩ ǐ ì ɪə",
    "e": "e ɛ æ eɪ œ ø ẽ eə",
    "a": "a ä ɑ ɐ ʌ ã à å aɪ aʊ ɒ ɘ ə ɜ ɝ ɚ",
    "o": "o ɔ oʊ õ ɔɪ ɤ",
    "u": "u ʊ ɯ ʉ ũ ɵ ɨ",
    "ui": "ɯi",
}
_OF = {phone: letters for letters, phones in _CLASSES.items() for phone in phones.split()}
_VOWELS = frozenset("aeiou")
_LIGHT = _VOWELS | frozenset("JWH")  # come and go in fluent speech
_PAIRS = "PF PW FW TS SC TC NM KH LR Wu Ji TR HR KC NL LW"  # heard for each other
_NEAR = {frozenset(pair) for pair in _PAIRS.split()}


def classes(phones: Iterable[str]) -> str:
    """Return the classes of IPA phones; marks and unknown signs are left out, doubles are one."""
    return once("".join(_OF.get(phone, "") for phone in phones))


def once(letters: str) -> str:
    """Return classes without repetitions: long sounds and double letters are told apart by few."""
    return "".join(letter for letter, _ in groupby(letters))


def weight(letter: str) -> float:
    """Return what it costs that a sound is missing or too many."""
    return 0.5 if letter in _LIGHT else 1.0


@functools.cache
def distance(one: str, other: str) -> float:
    """Return what it costs to hear one class for another, 0 to 1."""
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return 0.4
    return 0.5 if frozenset((one, other)) in _NEAR else 1.0

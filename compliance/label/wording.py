"""How a label says in each language that a machine made it, and whether other words do."""

import re
import unicodedata
from dataclasses import dataclass

_LETTER = "a-zà-öø-ÿ"  # next to these a term is part of a longer word: "AI" in "said"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words.

    Attributes:
        text: what is written where nobody chose other words.
        terms: groups; words that have a term of each group say it in this language.
    """

    text: str
    terms: tuple[tuple[str, ...], ...]


WORDINGS = {
    "en": Wording(
        "AI-generated",
        (
            ("ai", "artificial intelligence", "machine", "synthetic", "computer"),
            ("generated", "made", "created", "produced", "synthetic", "altered", "voice"),
        ),
    ),
    "ja": Wording(
        "AIで生成",
        (("ai", "人工知能"), ("生成", "合成", "作成", "制作", "作られ", "作りました", "作った")),
    ),
    "zh": Wording("AI生成", (("ai", "人工智能"), ("生成", "合成"))),
    "ko": Wording("AI 생성", (("ai", "인공지능"), ("생성", "합성", "제작"))),
    "de": Wording(
        "KI-generiert",
        (("ki", "künstlich", "ai"), ("generiert", "erstellt", "erzeugt", "synthetisch")),
    ),
    "fr": Wording(
        "Généré par IA", (("ia", "artificielle"), ("généré", "créé", "produit", "synthétique"))
    ),
    "es": Wording(
        "Generado con IA", (("ia", "artificial"), ("generad", "cread", "hech", "sintétic"))
    ),
    "it": Wording("Generato con IA", (("ia", "artificiale"), ("generat", "creat", "sintetic"))),
}
FALLBACK = "en"


def wording_of(language: str) -> Wording:
    """Return the words of a language (BCP 47), English where we have none."""
    return WORDINGS.get(language.split("-", maxsplit=1)[0].lower(), WORDINGS[FALLBACK])


def says_it(words: str, language: str) -> bool:
    """Say whether words tell a reader of a language that a machine made it."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return all(any(_has(plain, term) for term in group) for group in wording_of(language).terms)


def _has(plain: str, term: str) -> bool:
    """Look for a term; one of letters stands at a word's beginning, a short one is the word."""
    if not re.match(f"[{_LETTER}]", term):
        return term in plain
    after = f"(?![{_LETTER}])" if len(term) < 4 else ""
    return re.search(f"(?<![{_LETTER}]){re.escape(term)}{after}", plain) is not None

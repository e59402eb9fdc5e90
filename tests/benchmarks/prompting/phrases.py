"""How well phrases outside of the vocabulary are understood: two lists in tests/fixtures/prompts.

The limit was set on the one for tuning; the other was written beforehand and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generation.prompt import understand
from tests.benchmarks.samples import FIXTURES

LISTS = ("tuning", "held-out")
LANGUAGES = ("en", "ja")


@dataclass(frozen=True)
class Phrase:
    """A phrase, its language, what may be honoured for it (nothing: empty) and what was."""

    text: str
    language: str
    wanted: frozenset[str]
    honoured: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether something was honoured, and only what may be."""
        return bool(self.honoured) and set(self.honoured) <= self.wanted


def phrases(name: str) -> Iterator[Phrase]:
    """Read a list and ask for each of its phrases."""
    path = FIXTURES / "prompts" / f"{name}.tsv"
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, wanted = line.split("\t")
            told = [e["concept"] for e in understand(text).report if e["honoured"]]
            language = "ja" if any(letter > "\u3000" for letter in text) else "en"
            yield Phrase(text, language, frozenset(wanted.split("|")) - {"-"}, tuple(told))


@dataclass(frozen=True)
class Score:
    """Counts of a list."""

    honoured: int
    right: int
    wanted: int

    @property
    def precision(self) -> float:
        """How many of what was honoured may be."""
        return self.right / max(self.honoured, 1)

    @property
    def recall(self) -> float:
        """How many of what may be honoured was, and rightly."""
        return self.right / max(self.wanted, 1)


def score(found: list[Phrase]) -> Score:
    """Count."""
    return Score(
        honoured=sum(bool(each.honoured) for each in found),
        right=sum(each.right for each in found),
        wanted=sum(bool(each.wanted) for each in found),
    )

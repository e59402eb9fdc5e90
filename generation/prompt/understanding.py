"""Reading a prompt: every word ends up in exactly one entry of the report.

What the vocabulary does not know is taken for the word that is nearest in meaning, where one is
near enough; the report says for which, and how near.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from generation.prompt import vocabulary as v
from generation.prompt.by_engine import MESH, ONE_LIGHT_EN, ONE_LIGHT_JA, Manner, manner_of
from generation.prompt.effects import LIGHT, PromptEffects, combine
from generation.prompt.nearest import AHEAD, LIMIT, Near, nearest_to

MAX_CHARACTERS = 2000
_PHRASE = re.compile(r"[^,;:.!?/|()\[\]\n\r、。・「」]+")
_KANA_TAIL = re.compile(r"[ぁ-んー]+")
_STRENGTHS = {"strong": 1.4, "weak": 0.5, "less": -0.7, "negation": -1.0}


def _words(english: str, japanese: str = r"(?!)") -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z])(?:{english})(?![A-Za-z])|(?:{japanese})", re.IGNORECASE)


_CONCEPTS = [(concept, _words(concept.en, concept.ja)) for concept in v.CONCEPTS]
_ROLES = {
    "strong": _words(v.STRONG, v.STRONG_JA),
    "weak": _words(v.WEAK, v.WEAK_JA),
    "less": _words(v.LESS, v.LESS_JA),
    "negation": _words(v.NEGATION),
    "link": _words(v.LINKS),
    "filler": _words(v.FILLERS, v.FILLERS_JA),
}
_AND = _words("and|but|or|plus")
_NEGATED_AFTER = re.compile(v.NEGATION_AFTER_JA)


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    concept: v.Concept | None = None
    role: str = ""  # a key of _ROLES; with no concept and no role the words are unknown
    negated: bool = False


@dataclass(frozen=True)
class _Entry:
    start: int
    end: int
    concept: v.Concept | None
    core: tuple[int, int] = (0, 0)  # without the modifiers and fillers around it
    strength: float = 1.0  # below zero: the opposite is asked for
    near: Near | None = None  # for words that the vocabulary does not have
    empty: bool = False  # only words without a wish
    forbidden: bool = False  # the consent does not permit what it changes


def understand(
    prompt: str,
    permitted_changes: Collection[str] | None = None,
    *,
    given: bool = False,
    engine: str = MESH,
) -> PromptEffects:
    """Return what ``prompt`` changes, with a report on every phrase of it.

    Text is compared in Unicode form NFKC; beyond 2,000 characters it is reported as not read.

    Args:
        prompt: the words.
        permitted_changes: what the consent permits to change ("expression", ...); what needs
            another change is not honoured, and the report says so. None permits everything.
        given: whether a picture was given for the background: it is shown, and no other one.
        engine: that will draw: each honours words of its own.
    """
    text = unicodedata.normalize("NFKC", prompt)
    head, rest = text[:MAX_CHARACTERS], text[MAX_CHARACTERS:].strip()
    phrases = [_read(head, phrase) for phrase in _PHRASE.finditer(head)]
    entries = [entry for read in phrases for entry in _nearest(head, read)]
    manner = manner_of(engine)
    entries = _in_manner([_behind(entry, given) for entry in entries], manner)
    entries = [_within(entry, permitted_changes) for entry in entries]
    kept = [(e.concept, e.strength) for e in entries if e.concept and not e.forbidden]
    wishes = [(concept.adjust, strength) for concept, strength in kept]
    backdrops = [c.backdrop for c, strength in kept if c.backdrop and strength > 0]
    clothing = [c.clothing for c, strength in kept if c.clothing and strength > 0]
    report = [_describe(head, entry) for entry in entries]
    if rest:
        report.append(_not_honoured(rest, "", "the prompt is too long", "プロンプトが長すぎます"))
    return PromptEffects(
        **combine(wishes),
        backdrop=backdrops[-1] if backdrops else "",
        clothing=clothing[-1] if clothing else "",
        report=report,
    )


def unframed(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a report in which words about framing are not honoured: the photo had no room."""
    return _lacking(report, v.FRAMES, (v.NO_ROOM_EN, v.NO_ROOM_JA))


def undressed(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a report in which words about clothes are not honoured: the photo shows too few."""
    return _lacking(report, v.DYED, (v.NO_CLOTHES_EN, v.NO_CLOTHES_JA))


def _lacking(
    report: list[dict[str, Any]], concepts: Collection[str], why: tuple[str, str]
) -> list[dict[str, Any]]:
    return [
        _not_honoured(entry["words"], entry["concept"], *why)
        if entry["honoured"] and entry["concept"] in concepts and entry["strength"] > 0
        else entry
        for entry in report
    ]


def _in_manner(entries: list[_Entry], manner: Manner) -> list[_Entry]:
    """Return entries with what an engine makes of them."""
    found = [
        replace(entry, concept=manner.words.get(entry.concept.name, entry.concept))
        if entry.concept
        else entry
        for entry in entries
    ]
    if not manner.one_strength:
        return found
    lit = [at for at, entry in enumerate(found) if _is_light(entry)]
    for at, entry in enumerate(found):
        if entry.concept and entry.strength > 0 and manner.has_one_strength(entry.concept):
            found[at] = replace(entry, strength=1.0)
        if at in lit[:-1] and entry.concept:
            of_one = replace(entry.concept, adjust={}, text_en=ONE_LIGHT_EN, text_ja=ONE_LIGHT_JA)
            found[at] = replace(entry, concept=of_one)
    return found


def _is_light(entry: _Entry) -> bool:
    return bool(entry.concept and LIGHT & set(entry.concept.adjust) and entry.strength > 0)


def _behind(entry: _Entry, given: bool) -> _Entry:
    """Let the picture that was given for the background stand over words about it."""
    concept = entry.concept
    if not given or concept is None:
        return entry
    if concept.name == v.GIVEN.name and entry.strength > 0:
        return replace(entry, concept=v.GIVEN)
    of_it = concept.name == v.GIVEN.name or concept.backdrop or "blur" in concept.adjust
    return replace(entry, concept=v.INSTEAD) if of_it else entry


def _within(entry: _Entry, permitted: Collection[str] | None) -> _Entry:
    # "not smiling" asks for no change, so nothing needs to be permitted
    needs = entry.concept.needs if entry.concept and entry.strength > 0 else ""
    return replace(
        entry, forbidden=bool(needs) and permitted is not None and needs not in permitted
    )


def _read(text: str, phrase: re.Match[str]) -> list[_Entry]:
    """Turn one phrase into entries that together cover all of its words."""
    entries: list[_Entry] = []
    waiting: list[_Token] = []  # modifiers and fillers that belong to what comes next
    for token in _tokens(text, phrase.start(), phrase.end()):
        if token.role:
            if token.role == "link" and entries and _only_fillers(waiting):
                entries[-1], waiting = replace(entries[-1], end=waiting[-1].end), []
            waiting.append(token)
            continue
        entry = _entry(token, waiting)
        if _takes_along(text, entries, entry, waiting):
            taken = entries.pop()
            core = (taken.core[0], entry.core[1])
            entry = replace(entry, start=taken.start, core=core)
        entries.append(entry)
        waiting = []
    if waiting and entries:
        entries[-1] = replace(entries[-1], end=waiting[-1].end)
    elif waiting:
        entries.append(_Entry(waiting[0].start, waiting[-1].end, None, empty=True))
    return entries


def _only_fillers(tokens: list[_Token]) -> bool:
    return bool(tokens) and {token.role for token in tokens} == {"filler"}


def _entry(token: _Token, before: list[_Token]) -> _Entry:
    roles = {token.role for token in before} | ({"negation"} if token.negated else set())
    strength = 1.0
    for name, value in _STRENGTHS.items():
        strength *= value if name in roles else 1.0
    start = before[0].start if before else token.start
    return _Entry(start, token.end, token.concept, (token.start, token.end), strength)


def _nearest(text: str, entries: list[_Entry]) -> Iterator[_Entry]:
    """Give each run of unknown words of a phrase the word that is nearest in meaning."""
    for open_, run in groupby(entries, lambda entry: _is_open(text, entry)):
        found = list(run)
        joined = _joined(text, found) if open_ else None
        yield from [joined] if joined else [_with_near(text, e) if open_ else e for e in found]


def _is_open(text: str, entry: _Entry) -> bool:
    """Say whether words are unknown, or only their noun is known, as in "navy backdrop"."""
    if entry.concept is None:
        return not entry.empty
    known = _known(text, *entry.core)
    return entry.concept.name in ("light", "background") and known is None


def _joined(text: str, run: list[_Entry]) -> _Entry | None:
    """Return a run of several as one entry, where together they mean a word: "ready to laugh"."""
    if len(run) < 2 or any(_AND.match(text, entry.start) for entry in run[1:]):
        return None
    core = (run[0].core[0], run[-1].core[1])
    whole = replace(run[0], end=run[-1].end, core=core, concept=None)
    near = _with_near(text, whole)
    return near if near.concept else None


def _with_near(text: str, entry: _Entry) -> _Entry:
    near = nearest_to(text[slice(*entry.core)].strip())
    if not near.enough:
        return replace(entry, near=near)
    if entry.concept and not (near.concept and near.concept.of_the_picture):
        return entry  # whatever it means, it is about a light or a background
    strength = round(entry.strength * near.nearness, 4)
    return replace(entry, concept=near.concept, near=near, strength=strength)


def _takes_along(text: str, entries: list[_Entry], entry: _Entry, before: list[_Token]) -> bool:
    """Say whether a noun such as "light" claims the word before it, as in "warm light"."""
    if not entries or entry.concept is None or not entry.concept.noun:
        return False
    if (
        last := entries[-1].concept
    ) and last.of_the_picture:  # "blurred" of an office asks for itself
        return False
    if any(token.role in ("link", "negation") for token in before):
        return False
    between = text[entries[-1].end : entry.start].strip()
    joined = text[: entries[-1].end]
    return not between and not joined.endswith(("で", "に", "と", "て", "が", "を", "は"))


def _tokens(text: str, start: int, end: int) -> Iterator[_Token]:
    """Cut text[start:end] into concepts, modifiers and unknown words, longest match first."""
    at = start
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        token = _known(text, at, end) or _unknown(text, at, end)
        yield token
        at = token.end


def _known(text: str, at: int, end: int) -> _Token | None:
    found: list[tuple[int, v.Concept | None, str]] = []
    found += [(m.end(), concept, "") for concept, p in _CONCEPTS if (m := p.match(text, at, end))]
    found += [(m.end(), None, name) for name, p in _ROLES.items() if (m := p.match(text, at, end))]
    if not found:
        return None
    stop, concept, role = max(found, key=lambda item: item[0])
    negated = False
    if concept:  # Japanese inflection and particles belong to the word
        if after := _NEGATED_AFTER.match(text, stop, end):
            stop, negated = after.end(), True
        stop = _past_kana(text, stop, end)
    return _Token(at, stop, concept, role, negated)


def _past_kana(text: str, at: int, end: int) -> int:
    """Skip hiragana after a word, but not into the next known word."""
    tail = _KANA_TAIL.match(text, at, end)
    stop = tail.end() if tail else at
    for position in range(at, stop):
        if any(p.match(text, position, end) for _, p in _CONCEPTS):
            return position
    return stop


def _unknown(text: str, at: int, end: int) -> _Token:
    """Take characters until a known word begins: whole words in scripts that have spaces."""
    stop = at + 1
    while stop < end:
        inside = text[stop].isascii() and text[stop].isalnum() and text[stop - 1].isalnum()
        if not inside and (text[stop].isspace() or _known(text, stop, end)):
            following = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
            if following >= end or _known(text, following, end):
                break
        stop += 1
    return _Token(at, len(text[:stop].rstrip()))


def _describe(text: str, entry: _Entry) -> dict[str, Any]:
    words = text[entry.start : entry.end].strip()
    concept = entry.concept
    if concept is None:
        return _unknown_words(words, entry)
    known = _taken_for(entry)
    if not concept.honoured:
        told = _not_honoured(words, concept.name, concept.text_en, concept.text_ja)
        return told | {"engine": concept.engine} | known
    if entry.forbidden:
        return _not_honoured(words, concept.name, *v.FORBIDDEN[concept.needs]) | known
    found = {"words": words, "honoured": True, "concept": concept.name}
    found["strength"] = round(entry.strength, 2)
    effect, effect_ja = _effect(entry, concept)
    if entry.near:
        nearness = f"{entry.near.nearness:.2f}"
        effect = v.TAKEN_EN.format(entry.near.title["en"], nearness) + effect
        effect_ja = v.TAKEN_JA.format(entry.near.title["ja"], nearness) + effect_ja
    return found | {"effect": effect, "effect_ja": effect_ja} | known


def _effect(entry: _Entry, concept: v.Concept) -> tuple[str, str]:
    effect, effect_ja = concept.text_en, concept.text_ja
    if entry.strength < 0 and concept.reversible:
        return f"the opposite of: {effect}", f"次の逆にします:{effect_ja}"
    if entry.strength < 0:
        return f"nothing is added: no {concept.name}", "この効果は加えません"
    if entry.strength != 1.0:
        strength = f"{entry.strength:.1f}"
        return f"{effect} (strength {strength})", f"{effect_ja}(強さ {strength})"
    return effect, effect_ja


def _taken_for(entry: _Entry) -> dict[str, Any]:
    """Return the word of the vocabulary that unknown words were compared with, and how near."""
    if entry.near is None:
        return {}
    return {"nearest": entry.near.title["en"], "nearness": round(entry.near.nearness, 2)}


def _unknown_words(words: str, entry: _Entry) -> dict[str, Any]:
    if entry.empty:
        return _not_honoured(words, "", v.EMPTY_EN, v.EMPTY_JA)
    why, why_ja = v.UNKNOWN_EN, v.UNKNOWN_JA
    if entry.near and entry.near.concept:
        title, found = entry.near.title, f"{entry.near.nearness:.2f}"
        ahead = f"{entry.near.ahead:.2f}"
        why += v.TOO_FAR_EN.format(title["en"], found, ahead, LIMIT, AHEAD)
        why_ja += v.TOO_FAR_JA.format(title["ja"], found, ahead, LIMIT, AHEAD)
    return _not_honoured(words, "", why, why_ja) | _taken_for(entry)


def _not_honoured(words: str, concept: str, why: str, why_ja: str) -> dict[str, Any]:
    told = {"words": words, "honoured": False, "concept": concept}
    return told | {"why": why, "why_ja": why_ja, "engine": ""}

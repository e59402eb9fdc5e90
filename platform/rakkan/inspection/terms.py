"""What an event can be found by, as 64-bit hashes.

A term is the hash of an organisation, a kind and a value: equal words of two organisations are
different terms, so the index of one is never slower for what the other wrote, and a number in it
says nothing without the words. Two of ten million differ with probability 0.999 997.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

from rakkan.audit.models import Event

HEAD = 8  # characters of an id or digest that people type
_LONGEST = 128  # characters of a word; nothing of ours has longer ones
_WORD = re.compile(r"[\w-]+")
_PART = re.compile(r"[^\W_]+")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,128}")
# Writing without spaces is found by any two neighbouring characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{2,}")


class Kind(StrEnum):
    """What a term says of an event."""

    NAME = "name"
    DOMAIN = "domain"  # the first part of the name
    ACTOR = "actor"
    OBJECT = "object"
    ABOUT = "about"  # a person, account or production that it concerns
    SHOWN = "shown"  # a person whose data it showed to somebody else
    WORD = "word"


def term(organisation_id: object, kind: Kind, value: object = "") -> int:
    """Return the term as a signed 64-bit number."""
    return _hash(f"{organisation_id}\0{kind.value}\0{value}")


def whose(organisation_id: str) -> int:
    """Return the hash of an organisation as ``inspection_whose`` makes it in PostgreSQL."""
    return int.from_bytes(sha256(organisation_id.encode()).digest()[:8], "big", signed=True)


@lru_cache(maxsize=1 << 16)
def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def event_terms(event: Event, *, about: Iterable[object], shown: Iterable[object]) -> list[int]:
    """Return all terms of an event, sorted.

    Args:
        event: as it was written.
        about: ids of whom and what it concerns.
        shown: ids of persons whose data it showed to somebody else.
    """
    found = {
        (Kind.NAME, event.name),
        (Kind.DOMAIN, event.name.partition(".")[0]),
        (Kind.ACTOR, event.actor_id),
        (Kind.OBJECT, event.object_id),
        *((Kind.ABOUT, str(one)) for one in about),
        *((Kind.SHOWN, str(one)) for one in shown),
        *((Kind.WORD, word) for word in event_words(event)),
    }
    return sorted({term(event.organisation_id, kind, value) for kind, value in found})


def event_words(event: Event) -> set[str]:
    """Return the words of an event: of every value in it but its time."""
    texts = [event.name, event.actor_role, event.object_type, event.object_id, event.object_label]
    words = {word for text in [*texts, *_texts(event.data)] for word in _words_of(text)}
    return words | {str(event.pk), event.request_id, event.actor_id.lower()} - {""}


def words_asked(text: str) -> set[str]:
    """Return the words that an event must have all of to match what somebody typed."""
    return {asked for word in _WORD.findall(text.lower()) for asked in _asked(word)}


def _asked(word: str) -> Iterator[str]:
    runs = _UNSPACED.findall(word)
    if not runs:
        yield word
        return
    yield from _PART.findall(_UNSPACED.sub(" ", word))
    for run in runs:
        yield from _pairs(run)


def _words_of(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        if len(word) <= _LONGEST:
            yield word
        if _ID.fullmatch(word):
            yield word[:HEAD]
            continue
        yield from _PART.findall(word)
        for run in _UNSPACED.findall(word):
            yield from _pairs(run)


def _pairs(run: str) -> Iterator[str]:
    yield from (run[at : at + 2] for at in range(len(run) - 1))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text and whole number in a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)

"""What has changed since the version that was last decided on, for those who decide again."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from rakkan.approvals.models import Decision
from rakkan.approvals.selectors import decisions_of
from rakkan.productions.models import Production
from rakkan.productions.selectors import production_decided_before

# Words and the space between them; of scripts without spaces, each sign by itself.
_PIECES = re.compile(r"[A-Za-z0-9\u00c0-\u024f'\u2019-]+|\s+|.", re.DOTALL)
_LONGEST = 4000  # pieces of text that are compared word by word; longer ones are shown side by side


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: "same", "new" or "gone"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is not what it was."""

    field: str  # a key of words.REQUEST_FIELDS
    kind: str  # the kind of its words, "" where it is shown as it is
    before: list[str]
    after: list[str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an approver is shown of the earlier version."""

    earlier: Production
    decisions: list[Decision]
    fields: list[Change]
    texts: list[tuple[str, list[Piece]]]  # field -> its text, with what is new and gone
    voice: bool  # the audio was exchanged
    portrait: bool
    background: bool  # another picture behind the person, or none any more

    @property
    def any(self) -> bool:
        """Say whether anything differs."""
        return bool(self.fields or self.texts or self.voice or self.portrait or self.background)


def changes_of(production: Production) -> Changes | None:
    """Return what has changed since the last decision on what this was drafted from."""
    earlier = production_decided_before(production)
    if earlier is None:
        return None
    return Changes(
        earlier,
        decisions_of(earlier.pk),
        _fields(earlier, production),
        _texts(earlier, production),
        voice=earlier.voice_sha256 != production.voice_sha256,
        portrait=earlier.likeness_id != production.likeness_id,
        background=earlier.background_sha256 != production.background_sha256,
    )


def _fields(old: Production, new: Production) -> list[Change]:
    rows = [
        Change("title", "", [old.title], [new.title]),
        Change("purpose", "purpose", [old.purpose], [new.purpose]),
        Change("channel", "channel", sorted(old.channels), sorted(new.channels)),
        Change("territory", "territory", sorted(old.territories), sorted(new.territories)),
        Change("language", "language", [old.language], [new.language]),
        Change("speaker", "", [_speaker(old)], [_speaker(new)]),
        Change("origin", "voice_origin", [old.voice_origin], [new.voice_origin]),
        Change("engine", "", [_engine(old)], [_engine(new)]),
        Change("picture", "", [_picture(old)], [_picture(new)]),
        Change("seed", "", [str(old.seed)], [str(new.seed)]),
        Change("consent", "", [_consent(old)], [_consent(new)]),
    ]
    return [row for row in rows if row.before != row.after]


def _speaker(production: Production) -> str:
    return production.speaker.person.name if production.speaker else ""


def _engine(production: Production) -> str:
    return f"{production.engine} {production.weights_sha256[:16]}".strip()


def _picture(production: Production) -> str:
    return f"{production.width}x{production.height}, {production.fps}/s"


def _consent(production: Production) -> str:
    return production.consent.record_digest[:16] if production.consent else ""


def _texts(old: Production, new: Production) -> list[tuple[str, list[Piece]]]:
    pairs = (("transcript", old.transcript, new.transcript), ("prompt", old.prompt, new.prompt))
    return [(name, text_changes(a, b)) for name, a, b in pairs if a != b]


def text_changes(old: str, new: str) -> list[Piece]:
    """Return a text with what is new in it and what is gone from it, in reading order."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    if max(len(before), len(after)) > _LONGEST:
        return [Piece("gone", old), Piece("new", new)]
    pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(after[c:d])))
            continue
        pieces += [Piece("gone", "".join(before[a:b]))] if b > a else []
        pieces += [Piece("new", "".join(after[c:d]))] if d > c else []
    return pieces

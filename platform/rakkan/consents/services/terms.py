"""What a person ticks, and whether it makes a consent."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from rakkan.consents.scope import CHANGES_OF, LANGUAGES, TERRITORIES, Change, Channel, Purpose
from rakkan.core.errors import BadInput

VOCABULARY = {
    "purposes": frozenset(p.value for p in Purpose),
    "channels": frozenset(c.value for c in Channel),
    "territories": frozenset(TERRITORIES),
    "languages": frozenset(LANGUAGES),
    "permitted_changes": frozenset(c.value for c in Change),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the person ticks: words of the vocabulary in ``scope``, a term, the label's words."""

    purposes: list[str]
    channels: list[str]
    territories: list[str]
    languages: list[str]
    permitted_changes: list[str]
    ai_label: str
    valid_from: datetime
    valid_until: datetime


def check_terms(terms: Terms, kind: str) -> None:
    """Raise unless these terms make a consent.

    Args:
        terms: what was ticked.
        kind: "likeness" or "voice": what can be changed of it.

    Raises:
        BadInput: an empty or unknown scope, no label, or a term that does not lie ahead.
    """
    vocabulary = VOCABULARY | {"permitted_changes": frozenset(CHANGES_OF[kind])}
    for field, known in vocabulary.items():
        words = getattr(terms, field)
        unknown = sorted(set(words) - known)
        if unknown:
            raise BadInput(
                f"{field}: {', '.join(unknown)} is unknown.",
                code="scope-unknown",
                remedy=f"Choose among: {', '.join(sorted(known))}.",
            )
        if not words and field != "permitted_changes":
            raise BadInput(
                f"{field}: choose at least one.",
                code="scope-empty",
                remedy="A consent without purpose, channel, territory or language allows nothing.",
            )
    if not terms.ai_label.strip():
        raise BadInput("The AI label has no words.", code="label-empty")
    if terms.valid_until <= max(terms.valid_from, timezone.now()):
        raise BadInput(
            "The term must end after it starts, and in the future.",
            code="term-invalid",
            remedy="Choose a later end.",
        )


def words_of(terms: Terms) -> dict[str, list[str]]:
    """Return the words of the scope by field, sorted and each once: the form they are stored in."""
    return {field: sorted(set(getattr(terms, field))) for field in VOCABULARY}

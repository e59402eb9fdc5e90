"""What a request asks for beside what the consents allow, row by row, for approvers."""

from dataclasses import dataclass

from rakkan.consents.models import Consent
from rakkan.consents.scope import scope_gaps
from rakkan.productions.models import Production
from rakkan.productions.services.covered import use_under


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the scope."""

    field: str  # a key of words.SCOPE_FIELDS, and the kind of its words
    asked: list[str]
    allowed: list[str]
    covered: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The request beside one consent."""

    about_voice: bool
    rows: list[Row]


def scope_comparisons(production: Production) -> list[Comparison]:
    """Return the request beside each consent it was submitted under."""
    pinned = (production.consent, production.voice_consent)
    return [
        Comparison(consent.voice_id is not None, _rows(production, consent))
        for consent in pinned
        if consent is not None
    ]


def _rows(production: Production, consent: Consent) -> list[Row]:
    use, scope = use_under(production, consent), consent.scope
    gaps = {gap.field for gap in scope_gaps(scope, use)}
    pairs = [
        ("purpose", [use.purpose], scope.purposes),
        ("channel", sorted(use.channels), scope.channels),
        ("territory", sorted(use.territories), scope.territories),
        ("language", [use.language], scope.languages),
    ]
    if use.changes:
        pairs.append(("change", sorted(use.changes), scope.changes))
    return [
        Row(field, asked, sorted(allowed), field not in gaps) for field, asked, allowed in pairs
    ]

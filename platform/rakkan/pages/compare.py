"""What a request asks for beside what the consent allows, row by row, for approvers."""

from dataclasses import dataclass

from rakkan.consents.scope import scope_gaps
from rakkan.productions.models import Production
from rakkan.productions.services.submit import use_of


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the scope."""

    field: str  # a key of words.SCOPE_FIELDS, and the kind of its words
    asked: list[str]
    allowed: list[str]
    covered: bool


def scope_comparison(production: Production) -> list[Row]:
    """Return the four rows; none where the production has no consent yet."""
    consent = production.consent
    if consent is None:
        return []
    use, scope = use_of(production), consent.scope
    gaps = {gap.field for gap in scope_gaps(scope, use)}
    pairs = (
        ("purpose", [use.purpose], scope.purposes),
        ("channel", sorted(use.channels), scope.channels),
        ("territory", sorted(use.territories), scope.territories),
        ("language", [use.language], scope.languages),
    )
    return [
        Row(field, asked, sorted(allowed), field not in gaps) for field, asked, allowed in pairs
    ]

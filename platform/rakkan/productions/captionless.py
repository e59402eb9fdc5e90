"""Why a production has no captions, as its page says it."""

from __future__ import annotations

from rakkan.productions.models import Production
from rakkan.productions.services.wording import TRANSCRIPT

NOT_ALIGNED = "not-aligned"


def captions_lacking(production: Production) -> str:
    """Return the code of why there are no captions; empty where there are some."""
    if production.captions_sha256:
        return ""
    if not production.transcript.strip():
        return "no-transcript"
    measured = getattr(production, "voice_measurement", None)
    compared = measured.facts.get(TRANSCRIPT) if measured else None
    why = compared.get("why") if isinstance(compared, dict) else None
    return str(why or NOT_ALIGNED)

"""What was measured of a draft in one go, taken apart by what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compliance.permit import Verdict
from rakkan.productions.models import VoiceMeasurement
from rakkan.productions.services.behind import is_about_background


@dataclass(frozen=True, slots=True)
class Measured:
    """Findings about one thing, and the worst verdict among them."""

    verdict: str
    findings: list[dict[str, Any]]
    facts: dict[str, Any]


def measured_apart(row: VoiceMeasurement | None) -> tuple[Measured | None, Measured | None]:
    """Return what was found of the voice track, and of the picture behind the person if any was."""
    if row is None:
        return None, None
    behind = [each for each in row.findings if is_about_background(each)]
    voice = [each for each in row.findings if not is_about_background(each)]
    # Findings are all that tells two verdicts apart; without any of the picture it is the voice's.
    verdict = _worst(voice) if behind else row.verdict
    found = Measured(_worst(behind), behind, {}) if behind else None
    return Measured(verdict, voice, row.facts), found


def _worst(findings: list[dict[str, Any]]) -> str:
    verdicts = (Verdict(each["verdict"]) for each in findings)
    return Verdict.worst(verdicts, none=Verdict.USABLE).value

"""Turning measured values into findings and findings into a verdict."""

from dataclasses import dataclass, replace
from typing import Any

from compliance.permit import Finding, MeasureResult, Verdict
from generation.gate.identity_texts import IDENTITY_TEXTS
from generation.gate.input_texts import INPUT_TEXTS
from generation.gate.sound_texts import SOUND_TEXTS
from generation.gate.texts import TEXTS
from generation.gate.trial_texts import TRIAL_TEXTS

_TEXTS = TEXTS | IDENTITY_TEXTS | INPUT_TEXTS | SOUND_TEXTS | TRIAL_TEXTS


@dataclass(frozen=True)
class Limits:
    """Where a value starts to be doubtful and where it cannot be used.

    ``warn`` and ``reject`` are exceeded upwards, or downwards when ``reject`` < ``warn``; an
    infinite limit never applies.
    """

    check: str
    unit: str
    warn: float
    reject: float

    def judge(self, value: float) -> Finding:
        """Compare a measured value."""
        down = self.reject < self.warn

        def exceeded(limit: float) -> bool:
            return value < limit if down else value > limit

        if exceeded(self.reject):
            return finding(self.check, Verdict.UNUSABLE, value, self.reject, self.unit)
        verdict = Verdict.WARNINGS if exceeded(self.warn) else Verdict.USABLE
        return finding(self.check, verdict, value, self.warn, self.unit)


def finding(
    check: str,
    verdict: Verdict,
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
) -> Finding:
    """Return a finding with its texts in English and Japanese."""
    text = _TEXTS[check]
    good = verdict is Verdict.USABLE
    return Finding(
        check=check,
        verdict=verdict,
        value=None if value is None else round(value, 3),
        threshold=threshold,
        unit=unit,
        reason={"en": text.good_en, "ja": text.good_ja}
        if good
        else {"en": text.bad_en, "ja": text.bad_ja},
        remedy={"en": "", "ja": ""} if good else {"en": text.remedy_en, "ja": text.remedy_ja},
    )


def because(found: Finding, check: str) -> Finding:
    """Return a finding that is not usable with what another check says as its reason and remedy."""
    if found.verdict is Verdict.USABLE:
        return found
    text = _TEXTS[check]
    return replace(
        found,
        reason={
            "en": f"{found.reason['en']} {text.bad_en}",
            "ja": f"{found.reason['ja']}{text.bad_ja}",
        },
        remedy={"en": text.remedy_en, "ja": text.remedy_ja},
    )


def result(findings: list[Finding], facts: dict[str, Any]) -> MeasureResult:
    """Return the worst verdict of all findings; no finding at all is unusable."""
    worst = Verdict.worst((each.verdict for each in findings), none=Verdict.UNUSABLE)
    return MeasureResult(worst, tuple(findings), facts)


def unreadable(check: str, detail: str) -> MeasureResult:
    """Return the result for a file that could not even be opened; ``detail`` is for experts."""
    facts = {"readable": False, "detail": detail}
    return result([finding(check, Verdict.UNUSABLE)], facts)

"""What becomes of the words of a prompt: as it was drawn, or as it would be."""

from __future__ import annotations

from typing import Any

from compliance.permit import MeasureResult, read_prompt_report
from rakkan.dispatch.models import Job
from rakkan.productions.models import Production

REPORT, UNDER = "prompt_report", "prompt_under"  # facts: it, and which changes were permitted


def with_prompt(job: Job, result: MeasureResult) -> MeasureResult:
    """Return a result that says for which permitted changes its report of the prompt holds.

    Raises:
        InvalidInput: the report is none.
    """
    facts = {name: value for name, value in result.facts.items() if name not in (REPORT, UNDER)}
    if REPORT in result.facts:
        facts[REPORT] = read_prompt_report(result.facts[REPORT])
        facts[UNDER] = list(job.job_spec().permitted_changes)
    return MeasureResult(result.verdict, result.findings, facts)


def prompt_report_of(production: Production) -> list[dict[str, Any]]:
    """Return word for word what of the prompt was honoured, or would be.

    A draft's is of the consent there was when it was measured; empty where nobody knows, as
    where it was submitted under a consent that permits other changes.
    """
    rendering = getattr(production, "rendering", None)
    if rendering is not None:
        return list(rendering.result.get(REPORT, []))
    measured, consent = getattr(production, "voice_measurement", None), production.consent
    if measured is None:
        return []
    if consent is not None and measured.facts.get(UNDER) != sorted(consent.permitted_changes):
        return []
    return list(measured.facts.get(REPORT, []))

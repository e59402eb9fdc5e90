"""What platform and workers say to each other, and the permit without which nothing runs."""

from compliance.permit.challenge import Action, Challenge, Prompt
from compliance.permit.spec import (
    Capabilities,
    Finding,
    InputFile,
    JobKind,
    JobSpec,
    MeasureResult,
    RenderResult,
    Verdict,
    read_prompt_report,
)
from compliance.permit.token import Permit, permit_issue, permit_verify

__all__ = [
    "Action",
    "Capabilities",
    "Challenge",
    "Finding",
    "InputFile",
    "JobKind",
    "JobSpec",
    "MeasureResult",
    "Permit",
    "Prompt",
    "RenderResult",
    "Verdict",
    "permit_issue",
    "permit_verify",
    "read_prompt_report",
]

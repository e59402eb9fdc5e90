"""What platform and workers say to each other, and the permit without which nothing runs."""

from compliance.permit.spec import (
    Capabilities,
    Finding,
    InputFile,
    JobKind,
    JobSpec,
    MeasureResult,
    RenderResult,
    Verdict,
)
from compliance.permit.token import Permit, permit_issue, permit_verify

__all__ = [
    "Capabilities",
    "Finding",
    "InputFile",
    "JobKind",
    "JobSpec",
    "MeasureResult",
    "Permit",
    "RenderResult",
    "Verdict",
    "permit_issue",
    "permit_verify",
]

"""What this app does: policies, workflows, decisions."""

from rakkan.approvals.services.policy import policy_ensure
from rakkan.approvals.services.workflow import (
    Outcome,
    Question,
    decision_record,
    workflow_open,
    workflow_outcome,
)

__all__ = [
    "Outcome",
    "Question",
    "decision_record",
    "policy_ensure",
    "workflow_open",
    "workflow_outcome",
]

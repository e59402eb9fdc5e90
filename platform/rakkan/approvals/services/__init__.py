"""What this app does: policies, workflows, decisions."""

from rakkan.approvals.matching import Asked, Match, StepPlan
from rakkan.approvals.progress import Outcome, Verdict
from rakkan.approvals.services.delegation import (
    delegation_add,
    delegation_end,
    delegations_given,
    delegations_live,
    deputies,
)
from rakkan.approvals.services.policy import (
    Reason,
    UseForbidden,
    check_use_allowed,
    forbidden_use_ensure,
    policy_add,
    policy_ensure,
)
from rakkan.approvals.services.workflow import (
    Question,
    Word,
    decision_record,
    workflow_open,
    workflow_open_steps,
    workflow_outcome,
    workflows_expired,
)

__all__ = [
    "Asked",
    "Match",
    "Outcome",
    "Question",
    "Reason",
    "StepPlan",
    "UseForbidden",
    "Verdict",
    "Word",
    "check_use_allowed",
    "decision_record",
    "delegation_add",
    "delegation_end",
    "delegations_given",
    "delegations_live",
    "deputies",
    "forbidden_use_ensure",
    "policy_add",
    "policy_ensure",
    "workflow_open",
    "workflow_open_steps",
    "workflow_outcome",
    "workflows_expired",
]

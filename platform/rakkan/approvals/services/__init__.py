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
from rakkan.approvals.services.due import notices_due
from rakkan.approvals.services.policy import (
    Reason,
    UseForbidden,
    check_use_allowed,
    forbidden_use_ensure,
    policy_add,
    policy_ensure,
)
from rakkan.approvals.services.remind import notices_make, waits_since
from rakkan.approvals.services.review import (
    Seen,
    check_may_review,
    is_involved,
    review_outcome,
    review_record,
)
from rakkan.approvals.services.rules import (
    ForbiddenText,
    PolicyText,
    forbidden_use_propose,
    is_alone,
    policy_propose,
    rule_change_decide,
    rule_retire,
)
from rakkan.approvals.services.tell import notices_mail
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
    "ForbiddenText",
    "Match",
    "Outcome",
    "PolicyText",
    "Question",
    "Reason",
    "Seen",
    "StepPlan",
    "UseForbidden",
    "Verdict",
    "Word",
    "check_may_review",
    "check_use_allowed",
    "decision_record",
    "delegation_add",
    "delegation_end",
    "delegations_given",
    "delegations_live",
    "deputies",
    "forbidden_use_ensure",
    "forbidden_use_propose",
    "is_alone",
    "is_involved",
    "notices_due",
    "notices_mail",
    "notices_make",
    "policy_add",
    "policy_ensure",
    "policy_propose",
    "review_outcome",
    "review_record",
    "rule_change_decide",
    "rule_retire",
    "waits_since",
    "workflow_open",
    "workflow_open_steps",
    "workflow_outcome",
    "workflows_expired",
]

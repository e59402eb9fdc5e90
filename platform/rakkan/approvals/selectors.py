"""Read approvals."""

from uuid import UUID

from rakkan.approvals.models import Decision, Verdict, Workflow
from rakkan.approvals.services import Outcome, workflow_outcome
from rakkan.core.errors import Refused


def workflow_of(subject_id: UUID) -> Workflow | None:
    """Return the workflow of a production, if it was submitted."""
    return Workflow.objects.filter(subject_id=subject_id).first()


def decisions_of(subject_id: UUID) -> list[Decision]:
    """Return the decisions on a production in the order of its steps."""
    rows = Decision.objects.filter(workflow__subject_id=subject_id)
    return list(rows.select_related("step", "approver").order_by("step__order"))


def check_approved(subject_id: UUID, subject_digest: str) -> None:
    """Raise unless every step approved exactly this digest.

    Raises:
        Refused: it is not approved, or something else was.
    """
    workflow = workflow_of(subject_id)
    if workflow is None or workflow_outcome(workflow) is not Outcome.APPROVED:
        raise Refused("It is not approved.", code="approval-missing", status=403)
    digests = {d.subject_digest for d in decisions_of(subject_id) if d.verdict == Verdict.APPROVE}
    if digests != {subject_digest}:
        raise Refused(
            "What was approved is not what the request says now.",
            code="request-changed",
            remedy="Make a new production and have it approved.",
            status=403,
        )

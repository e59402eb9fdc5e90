"""Open a workflow; record decisions; say where it stands."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.models import Organisation, User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, PolicyStep, Verdict, Workflow, WorkflowStep
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import NotFound, NotPermitted, Refused

TERM = timedelta(days=7)  # an approval that waits longer is about another time


class Outcome(StrEnum):
    """Where a workflow stands; derived from its decisions."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Question:
    """What approvers decide on."""

    subject_id: UUID
    subject_digest: str
    organisation: Organisation
    requester: User
    depicted: User


def workflow_open(question: Question) -> Workflow:
    """Open the approval of one exact request, with the steps the policy has now.

    Raises:
        Refused: the organisation has no policy (no policy means no), or one was opened before.
    """
    steps = list(PolicyStep.objects.filter(organisation=question.organisation))
    if not steps:
        raise Refused(
            "The organisation has no approval policy, so nothing can be approved.",
            code="no-policy",
            remedy="Ask whoever manages the organisation to set one up.",
        )
    now = timezone.now()
    try:
        with transaction.atomic():
            workflow = Workflow.objects.create(
                subject_id=question.subject_id,
                subject_digest=question.subject_digest,
                organisation=question.organisation,
                requester=question.requester,
                depicted=question.depicted,
                opened_at=now,
                expires_at=now + TERM,
            )
    except IntegrityError as error:
        raise Refused("Its approval was opened before.", code="already-submitted") from error
    WorkflowStep.objects.bulk_create(
        WorkflowStep(workflow=workflow, order=step.order, name=step.name) for step in steps
    )
    return workflow


def workflow_outcome(workflow: Workflow) -> Outcome:
    """Return where a workflow stands now."""
    verdicts = list(workflow.decisions.values_list("verdict", flat=True))
    if Verdict.REJECT in verdicts:
        return Outcome.REJECTED
    if len(verdicts) == workflow.steps.count():
        return Outcome.APPROVED
    if timezone.now() >= workflow.expires_at:
        return Outcome.EXPIRED
    return Outcome.PENDING


def decision_record(
    *, user: User, subject_id: UUID, subject_digest: str, approve: bool, comment: str = ""
) -> Outcome:
    """Record the acting approver's decision on the next open step; return where it stands then.

    Raises:
        NotPermitted: not an approver, or the requester, or the depicted person.
        Refused: the digest is not that of the request, decided or expired already.
    """
    actor = check_user_has_role(user, Role.APPROVER)
    workflow = (
        Workflow.objects.select_for_update()
        .filter(subject_id=subject_id, organisation=user.organisation_id)
        .first()
    )
    if workflow is None:
        raise NotFound("Nothing waits for approval here.")
    _check_may_decide(workflow, user, subject_digest)
    step = workflow.steps.filter(decision=None).order_by("order").first()
    if step is None:
        raise Refused("Every step has been decided.", code="already-decided")
    verdict = Verdict.APPROVE if approve else Verdict.REJECT
    decision = Decision.objects.create(
        step=step,
        workflow=workflow,
        requester=workflow.requester,
        depicted=workflow.depicted,
        approver=user,
        verdict=verdict,
        subject_digest=workflow.subject_digest,
        comment=comment[:1000],
        decided_at=timezone.now(),
    )
    event_record(
        EventName.DECISION_RECORDED,
        actor=actor,
        subject=Subject("production", str(subject_id)),
        data={
            "decision": str(decision.pk),
            "step": step.name,
            "verdict": verdict.value,
            "request_digest": workflow.subject_digest,
        },
    )
    return workflow_outcome(workflow)


def _check_may_decide(workflow: Workflow, user: User, subject_digest: str) -> None:
    if user.pk == workflow.requester_id:
        raise NotPermitted(
            "Nobody approves their own request.",
            code="requester-cannot-approve",
            remedy="Ask another approver.",
        )
    if user.pk == workflow.depicted_id:
        raise NotPermitted(
            "The depicted person gives consent; somebody else approves.",
            code="depicted-cannot-approve",
            remedy="Ask another approver.",
        )
    if subject_digest != workflow.subject_digest:
        raise Refused(
            "The decision is about other inputs than the request has.",
            code="digest-mismatch",
            remedy="Reload the request, look at it again, then decide.",
        )
    if workflow.decisions.filter(approver=user).exists():
        raise Refused("You have decided on this request already.", code="already-decided")
    outcome = workflow_outcome(workflow)
    if outcome is not Outcome.PENDING:
        raise Refused(f"The approval is {outcome.value}.", code=f"approval-{outcome.value}")

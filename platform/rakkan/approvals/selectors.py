"""Read approvals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from rakkan.approvals.models import Decision, Review, Workflow
from rakkan.approvals.notices import Notice, NoticeKind
from rakkan.approvals.services import (
    Outcome,
    Verdict,
    check_use_allowed,
    review_outcome,
    waits_since,
    workflow_open_steps,
    workflow_outcome,
)
from rakkan.core.errors import Refused


def workflow_of(subject_id: UUID) -> Workflow | None:
    """Return the workflow of a production, if it was submitted."""
    return Workflow.objects.filter(subject_id=subject_id).first()


def decisions_of(subject_id: UUID) -> list[Decision]:
    """Return the decisions on a production in the order of its steps."""
    rows = Decision.objects.filter(workflow__subject_id=subject_id)
    return list(
        rows.select_related("step", "approver", "delegate").order_by(
            "step__stage", "step__name", "decided_at"
        )
    )


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as a page shows it."""

    name: str
    stage: int
    quorum: int
    waits: bool
    decisions: list[Decision]
    since: datetime | None  # when it was opened, while it waits
    notices: list[Notice]

    @property
    def reminders(self) -> int:
        """Return how often somebody was reminded."""
        return max((notice.number for notice in self.notices), default=0)

    @property
    def reminded_at(self) -> datetime | None:
        """Return when somebody was reminded last."""
        return self._last(NoticeKind.REMINDER)

    @property
    def escalated_at(self) -> datetime | None:
        """Return when it was brought before others, administrators at least."""
        return self._last(NoticeKind.ESCALATION) or self._last(NoticeKind.REPORT)

    def _last(self, kind: NoticeKind) -> datetime | None:
        return max((one.made_at for one in self.notices if one.kind == kind), default=None)


def steps_of(workflow: Workflow) -> list[StepView]:
    """Return the steps of a workflow in order, each with who decided what."""
    waiting = {step.pk for step in workflow_open_steps(workflow)}
    decisions = decisions_of(workflow.subject_id)
    return [
        StepView(
            step.name,
            step.stage,
            step.quorum,
            step.pk in waiting,
            [decision for decision in decisions if decision.step_id == step.pk],
            waits_since(workflow, step) if step.pk in waiting else None,
            list(step.notices.all()),
        )
        for step in workflow.steps.prefetch_related("notices")
    ]


def steps_waiting(subject_id: UUID) -> list[StepView]:
    """Return the steps of a production that wait for a decision now."""
    workflow = workflow_of(subject_id)
    return [step for step in steps_of(workflow) if step.waits] if workflow else []


def reviews_of(subject_id: UUID) -> list[Review]:
    """Return what was said of the finished video of a production."""
    rows = Review.objects.filter(workflow__subject_id=subject_id)
    return list(rows.select_related("reviewer"))


def reviews_refused() -> QuerySet[Review]:
    """Return the reviews that ended a production."""
    return Review.objects.filter(accepted=False)


def review_is_needed(subject_id: UUID) -> bool:
    """Say whether somebody still has to watch the finished video before its release."""
    workflow = workflow_of(subject_id)
    return workflow is not None and review_outcome(workflow) is not True


def check_approved(subject_id: UUID, subject_digest: str) -> None:
    """Raise unless every step approved exactly this digest, in time, and no rule forbids it now.

    Raises:
        Refused: it is not approved, something else was, it was too long ago, or it is forbidden.
    """
    workflow = workflow_of(subject_id)
    if workflow is None or workflow_outcome(workflow) is not Outcome.APPROVED:
        raise Refused("It is not approved.", code="approval-missing", status=403)
    digests = {d.subject_digest for d in decisions_of(subject_id) if d.verdict == Verdict.APPROVE}
    if digests != {subject_digest} or workflow.subject_digest != subject_digest:
        raise Refused(
            "What was approved is not what the request says now.",
            code="request-changed",
            remedy="Make a new production and have it approved.",
            status=403,
        )
    if timezone.now() >= workflow.expires_at:
        raise Refused(
            "The approval has expired.",
            code="approval-expired",
            remedy="Make a new production and have it approved.",
            status=403,
        )
    check_use_allowed(workflow.organisation_id, workflow.asked)

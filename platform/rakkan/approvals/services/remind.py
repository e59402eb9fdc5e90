"""Remind who has not decided, and bring what waits too long before somebody else.

Nothing here decides, nor changes who may: who is asked is who could decide anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import users_with_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Workflow, WorkflowStep
from rakkan.approvals.notices import Notice, NoticeKind
from rakkan.approvals.pace import escalation_is_due, reminder_due
from rakkan.approvals.services.delegation import deputies_while_away
from rakkan.approvals.services.review import is_involved
from rakkan.approvals.services.workflow import workflow_open_steps
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose word is awaited, and who is told of it: they, or a deputy."""

    approver: User
    recipient: User


@transaction.atomic
def notices_make(subject_id: UUID) -> int:
    """Write what is due about a production's open steps now; return how many notices that is.

    Safe to run twice and at the same time: whoever comes second finds the rows.
    """
    workflow = Workflow.objects.select_for_update().filter(subject_id=subject_id).first()
    if workflow is None or workflow.speaker_id is None:  # such an old one can be decided no more
        return 0
    awaited = approvers_awaited(workflow)
    return sum(_about(workflow, step, awaited) for step in workflow_open_steps(workflow))


def approvers_awaited(workflow: Workflow) -> list[User]:
    """Return the approvers who could still decide on a workflow, whatever the step."""
    said = {one for row in workflow.decisions.all() for one in (row.approver_id, row.delegate_id)}
    found = users_with_role(workflow.organisation_id, Role.APPROVER)
    return [one for one in found if one.pk not in said and not is_involved(one, workflow)]


def waits_since(workflow: Workflow, step: WorkflowStep) -> datetime:
    """Return when a step was opened: at submission, or by the last word on an earlier stage."""
    earlier = workflow.decisions.filter(step__stage__lt=step.stage)
    return max([workflow.opened_at, *earlier.values_list("decided_at", flat=True)])


def _about(workflow: Workflow, step: WorkflowStep, awaited: list[User]) -> int:
    now = timezone.now()
    waited, plan = now - waits_since(workflow, step), step.plan
    asks = [ask for one in awaited for ask in _reached(one, awaited, now)]
    needed = step.quorum - step.decisions.count()
    reached = len({ask.recipient.pk for ask in asks})
    count, number = 0, reminder_due(plan, waited)
    if number:
        count += _write(workflow, step, NoticeKind.REMINDER, number, asks)
    if escalation_is_due(plan, waited, reached=reached, needed=needed):
        asks = _before(step, awaited, now)
        count += _write(workflow, step, NoticeKind.ESCALATION, 0, asks)
        told = users_with_role(workflow.organisation_id, Role.ADMINISTRATOR)
        asks = [Ask(one, one) for one in told if not is_involved(one, workflow)]
        count += _write(workflow, step, NoticeKind.REPORT, 0, asks)
    return count


def _reached(approver: User, awaited: list[User], now: datetime) -> list[Ask]:
    """Return who is told instead of an approver who is away, or that they are told themselves."""
    away = deputies_while_away(approver, now)
    if away is None:
        return [Ask(approver, approver)]
    there = [one for one in awaited if one in away and deputies_while_away(one, now) is None]
    return [Ask(approver, deputy) for deputy in there]


def _before(step: WorkflowStep, awaited: list[User], now: datetime) -> list[Ask]:
    """Return before whom a step is brought: the one who is named, else all, even who is away."""
    named = [
        ask for one in awaited if one == step.escalate_to for ask in _reached(one, awaited, now)
    ]
    return named or [
        ask for one in awaited for ask in _reached(one, awaited, now) or [Ask(one, one)]
    ]


def _write(
    workflow: Workflow, step: WorkflowStep, kind: NoticeKind, number: int, asks: Iterable[Ask]
) -> int:
    if step.notices.filter(kind=kind.value, number=number).exists():
        return 0
    rows = [
        Notice(
            step=step,
            kind=kind.value,
            number=number,
            approver=ask.approver,
            recipient=ask.recipient,
            made_at=timezone.now(),
        )
        for ask in asks
    ]
    if not rows:
        return 0
    Notice.objects.bulk_create(rows)
    event_record(
        _EVENTS[kind],
        actor=system("reminder", workflow.organisation_id),
        subject=Subject("production", str(workflow.subject_id)),
        data={
            "step": step.name,
            "number": number,
            "waits_since": waits_since(workflow, step).isoformat(),
            "approvers": [str(row.approver_id) for row in rows],
            "recipients": [str(row.recipient_id) for row in rows],
        },
        rows=rows,
    )
    return len(rows)


_EVENTS = {
    NoticeKind.REMINDER: EventName.REMINDER_SENT,
    NoticeKind.ESCALATION: EventName.ESCALATED,
    NoticeKind.REPORT: EventName.ESCALATION_REPORTED,
}

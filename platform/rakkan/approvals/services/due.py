"""Find what somebody is to hear of: few questions for all that waits, instead of many for each."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from rakkan.accounts.permissions import users_with_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, Workflow, WorkflowStep
from rakkan.approvals.notices import Notice, NoticeKind
from rakkan.approvals.pace import escalation_is_due, reminder_due
from rakkan.approvals.progress import Outcome, Standing, open_standings, outcome_of
from rakkan.approvals.services.delegation import deputies_while_away
from rakkan.likenesses.guardians import sides_of

AT_ONCE = 1_000  # productions asked about in one question
_ESCALATED = {NoticeKind.ESCALATION.value, NoticeKind.REPORT.value}
_WORDS = ("step_id", "approver_id", "delegate_id", "verdict", "decided_at")


def notices_due(subject_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these productions about which a notice may be due, in the order given.

    It holds nothing, and may name one too many: :func:`notices_make` looks again, under a lock.
    """
    there: dict[UUID, set[UUID]] = {}
    now, found = timezone.now(), set()
    for begin in range(0, len(subject_ids), AT_ONCE):
        for workflow, aside in _workflows(subject_ids[begin : begin + AT_ONCE]):
            organisation = workflow.organisation_id
            if organisation not in there:
                there[organisation] = _approvers_there(organisation, now)
            if _is_due(workflow, now, there[organisation] - aside):
                found.add(workflow.subject_id)
    return [one for one in subject_ids if one in found]


def _workflows(subject_ids: Sequence[UUID]) -> Iterator[tuple[Workflow, set[UUID]]]:
    """Yield the workflows of productions, each with everybody who is involved in it."""
    words = Prefetch("steps__decisions", Decision.objects.only(*_WORDS))
    notices = Prefetch("steps__notices", Notice.objects.only("step_id", "kind", "number"))
    rows = Workflow.objects.filter(subject_id__in=subject_ids, speaker__isnull=False)
    workflows = list(rows.prefetch_related("steps", words, notices))
    people = {one for row in workflows for one in (row.person_id, row.speaking_id) if one}
    sides = sides_of(people)
    for row in workflows:
        acting = [sides[one] for one in (row.person_id, row.speaking_id) if one]
        named = {one for one in (row.requester_id, row.depicted_id, row.speaker_id) if one}
        yield row, named.union(*acting)


def _approvers_there(organisation_id: UUID, now: datetime) -> set[UUID]:
    found = users_with_role(organisation_id, Role.APPROVER)
    return {one.pk for one in found if deputies_while_away(one, now) is None}


def _is_due(workflow: Workflow, now: datetime, there: set[UUID]) -> bool:
    """Say whether anything is, if these approvers are there and not involved."""
    steps = list(workflow.steps.all())
    said = [decision for step in steps for decision in step.decisions.all()]
    standings = [
        Standing(step, tuple(decision.verdict for decision in step.decisions.all()))
        for step in steps
    ]
    if outcome_of(standings, expired=now >= workflow.expires_at) is not Outcome.PENDING:
        return False
    free = there - {one for row in said for one in (row.approver_id, row.delegate_id)}
    stages = {step.pk: step.stage for step in steps}
    for step in (steps[i] for i in open_standings(standings)):
        earlier = [row.decided_at for row in said if stages[row.step_id] < step.stage]
        if _step_is_due(step, now - max([workflow.opened_at, *earlier]), len(free)):
            return True
    return False


def _step_is_due(step: WorkflowStep, waited: timedelta, reached: int) -> bool:
    told = {(notice.kind, notice.number) for notice in step.notices.all()}
    number = reminder_due(step.plan, waited)
    if number and reached and (NoticeKind.REMINDER.value, number) not in told:
        return True
    if {kind for kind, _ in told} >= _ESCALATED:
        return False
    needed = step.quorum - len(step.decisions.all())
    return escalation_is_due(step.plan, waited, reached=reached, needed=needed)

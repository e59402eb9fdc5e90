"""Open a workflow; record decisions; say where it stands."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rakkan.accounts.confirmation import check_recently_authenticated
from rakkan.accounts.models import Organisation, User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.approvals.matching import Asked
from rakkan.approvals.models import Decision, Workflow, WorkflowStep
from rakkan.approvals.progress import Outcome, Standing, Verdict, open_standings, outcome_of
from rakkan.approvals.services.delegation import delegator_of
from rakkan.approvals.services.policy import plan_of
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Person


@dataclass(frozen=True, slots=True)
class Question:
    """What approvers decide on."""

    subject_id: UUID
    subject_digest: str
    organisation: Organisation
    requester: User
    depicted: User
    person: Person  # who is depicted
    speaking: Person  # whose voice is heard
    speaker: User
    asked: Asked


@dataclass(frozen=True, slots=True)
class Word:
    """What an approver says, on which step, and in whose name.

    An empty step means the first that is open; nobody's name means their own.
    """

    verdict: Verdict
    comment: str = ""
    step: str = ""
    in_name_of: UUID | None = None


def workflow_open(question: Question) -> Workflow:
    """Open the approval of one exact request, with the steps the policies have now.

    Raises:
        Refused: no policy covers it (no policy means no), or one was opened before.
    """
    asked = question.asked
    plan = plan_of(question.organisation, asked)
    now = timezone.now()
    try:
        with transaction.atomic():
            workflow = Workflow.objects.create(
                subject_id=question.subject_id,
                subject_digest=question.subject_digest,
                organisation=question.organisation,
                requester=question.requester,
                depicted=question.depicted,
                person=question.person,
                speaking=question.speaking,
                speaker=question.speaker,
                policies=plan.policies,
                reviewers=plan.reviewers,
                purpose=asked.purpose,
                channels=sorted(asked.channels),
                territories=sorted(asked.territories),
                person_class=asked.person_class,
                opened_at=now,
                expires_at=now + timedelta(days=settings.RAKKAN_APPROVAL_DAYS),
            )
    except IntegrityError as error:
        raise Refused("Its approval was opened before.", code="already-submitted") from error
    steps = WorkflowStep.objects.bulk_create(
        WorkflowStep(workflow=workflow, **asdict(step)) for step in plan.steps
    )
    event_record(
        EventName.WORKFLOW_OPENED,
        actor=user_actor(question.requester),
        subject=Subject("production", str(question.subject_id)),
        data={"workflow": str(workflow.pk)},
        rows=[workflow, *steps],
    )
    return workflow


def standings_of(workflow: Workflow) -> tuple[list[WorkflowStep], list[Standing]]:
    """Return the steps of a workflow in order, and what was said on each."""
    steps = list(workflow.steps.prefetch_related("decisions"))
    said = [tuple(decision.verdict for decision in step.decisions.all()) for step in steps]
    return steps, [Standing(step, verdicts) for step, verdicts in zip(steps, said, strict=True)]


def workflow_outcome(workflow: Workflow) -> Outcome:
    """Return where a workflow stands now."""
    _, standings = standings_of(workflow)
    return outcome_of(standings, expired=timezone.now() >= workflow.expires_at)


def workflow_open_steps(workflow: Workflow) -> list[WorkflowStep]:
    """Return the steps that wait for somebody now."""
    if workflow_outcome(workflow) is not Outcome.PENDING:
        return []
    steps, standings = standings_of(workflow)
    return [steps[i] for i in open_standings(standings)]


def workflows_expired() -> QuerySet[Workflow]:
    """Return the workflows whose term is over, whatever was decided."""
    return Workflow.objects.filter(expires_at__lte=timezone.now())


def decision_record(*, user: User, subject_id: UUID, subject_digest: str, word: Word) -> Outcome:
    """Record the acting approver's decision on an open step; return where it stands then.

    Raises:
        NotPermitted: not an approver, or the requester, the depicted person or the speaker, or
            without a delegation of the one whose name is given, or not confirmed to be there just
            now.
        Refused: the digest is not that of the request, decided or expired already.
        BadInput: the step is not open, or changes are asked for without saying which.
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
    approver = user
    if word.in_name_of is not None:
        approver = delegator_of(user, word.in_name_of)
        _check_may_decide(workflow, approver, subject_digest)
    step = _step(workflow, word)
    authentication = check_recently_authenticated(user)
    decision = Decision.objects.create(
        step=step,
        workflow=workflow,
        requester=workflow.requester,
        depicted=workflow.depicted,
        speaker=workflow.speaker,
        approver=approver,
        delegate=user if approver != user else None,
        verdict=word.verdict.value,
        subject_digest=workflow.subject_digest,
        comment=word.comment[:1000],
        decided_at=timezone.now(),
        sign_in=authentication.sign_in,
    )
    event_record(
        EventName.DECISION_RECORDED,
        actor=actor,
        subject=Subject("production", str(subject_id)),
        data={
            "decision": str(decision.pk),
            "step": step.name,
            "verdict": word.verdict.value,
            "request_digest": workflow.subject_digest,
            "authentication": str(authentication.pk),
            **({"in_name_of": str(approver.pk)} if approver != user else {}),
        },
        rows=[decision],
    )
    return workflow_outcome(workflow)


def _check_may_decide(workflow: Workflow, user: User, subject_digest: str) -> None:
    if user.pk == workflow.requester_id:
        raise NotPermitted(
            "Nobody approves their own request.",
            code="requester-cannot-approve",
            remedy="Ask another approver.",
        )
    if user.pk == workflow.depicted_id or ever_acted_for(user, workflow.person):
        raise NotPermitted(
            "The depicted person gives consent; somebody else approves.",
            code="depicted-cannot-approve",
            remedy="Ask another approver.",
        )
    if workflow.speaker_id is None:
        raise Refused(
            "The request does not name who speaks.",
            code="speaker-missing",
            remedy="A new production has to be made.",
        )
    speaking = workflow.speaking
    if user.pk == workflow.speaker_id or (speaking and ever_acted_for(user, speaking)):
        raise NotPermitted(
            "The person who speaks gives consent; somebody else approves.",
            code="speaker-cannot-approve",
            remedy="Ask another approver.",
        )
    if subject_digest != workflow.subject_digest:
        raise Refused(
            "The decision is about other inputs than the request has.",
            code="digest-mismatch",
            remedy="Reload the request, look at it again, then decide.",
        )
    if workflow.decisions.filter(Q(approver=user) | Q(delegate=user)).exists():
        raise Refused("You have decided on this request already.", code="already-decided")
    outcome = workflow_outcome(workflow)
    if outcome is not Outcome.PENDING:
        raise Refused(f"The approval is {outcome.value}.", code=f"approval-{outcome.value}")


def _step(workflow: Workflow, word: Word) -> WorkflowStep:
    if word.verdict is Verdict.CHANGES and not word.comment.strip():
        raise BadInput(
            "Changes are asked for, but not which.",
            code="comment-empty",
            remedy="Say in the comment what has to change.",
        )
    waiting = workflow_open_steps(workflow)
    for step in waiting:
        if word.step in ("", step.name):
            return step
    names = ", ".join(step.name for step in waiting)
    raise BadInput(
        f"The step “{word.step}” does not wait for a decision now.",
        code="step-not-open",
        remedy=f"Decide on one of: {names}.",
    )

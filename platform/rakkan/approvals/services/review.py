"""The second gate: people watch the finished video before it is released."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from rakkan.accounts.confirmation import check_recently_authenticated
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Review, Workflow
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.likenesses.guardians import ever_acted_for


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody says of a finished video."""

    accepted: bool
    file_sha256: str  # of what they watched
    comment: str = ""


def check_may_review(user: User, subject_id: UUID) -> tuple[Actor, Workflow]:
    """Return the user as an actor, and the workflow, locked, if its result is theirs to watch.

    Raises:
        NotFound: there is nothing of their organisation.
        NotPermitted: no approver, or the requester, or who is seen or heard.
    """
    actor = check_user_has_role(user, Role.APPROVER)
    rows = Workflow.objects.select_for_update(of=("self",))
    workflow = rows.filter(subject_id=subject_id, organisation=user.organisation_id).first()
    if workflow is None:
        raise NotFound("Nothing waits for review here.")
    if is_involved(user, workflow):
        raise NotPermitted(
            "Neither the requester nor who is seen or heard reviews the result.",
            code="reviewer-involved",
            remedy="Ask an approver.",
        )
    return actor, workflow


def is_involved(user: User, workflow: Workflow) -> bool:
    """Say whether a user asked for it, is seen or heard in it, or ever acted for who is."""
    people = [one for one in (workflow.person, workflow.speaking) if one is not None]
    named = user.pk in (workflow.requester_id, workflow.depicted_id, workflow.speaker_id)
    return named or any(ever_acted_for(user, one) for one in people)


def review_record(*, user: User, subject_id: UUID, file_sha256: str, seen: Seen) -> bool | None:
    """Record what somebody says of the finished video; return what follows from all words.

    Args:
        user: who watched it.
        subject_id: the production.
        file_sha256: of the sealed file as it is.
        seen: their word, and the file they watched.

    Returns:
        True once enough people accepted it, False once one refused it, None while more are awaited.

    Raises:
        NotPermitted: not theirs to watch, or not confirmed to be there just now.
        Refused: another file, said already, or the approval is over.
        BadInput: it is refused without a reason.
    """
    actor, workflow = check_may_review(user, subject_id)
    if seen.file_sha256 != file_sha256:
        raise Refused(
            "The word is about another file than the finished one.",
            code="digest-mismatch",
            remedy="Reload the page, watch it again, then decide.",
        )
    if workflow.reviews.filter(reviewer=user).exists():
        raise Refused("You have reviewed this already.", code="already-decided")
    if timezone.now() >= workflow.expires_at:
        raise Refused("The approval has expired.", code="approval-expired")
    if not seen.accepted and not seen.comment.strip():
        raise BadInput(
            "It is refused, but not why.",
            code="comment-empty",
            remedy="Say in the comment what is wrong with it.",
        )
    authentication = check_recently_authenticated(user)
    review = Review.objects.create(
        workflow=workflow,
        reviewer=user,
        accepted=seen.accepted,
        file_sha256=file_sha256,
        comment=seen.comment[:1000],
        decided_at=timezone.now(),
        sign_in=authentication.sign_in,
    )
    event_record(
        EventName.REVIEW_RECORDED,
        actor=actor,
        subject=Subject("production", str(subject_id)),
        data={
            "review": str(review.pk),
            "accepted": seen.accepted,
            "file_sha256": file_sha256,
            "authentication": str(authentication.pk),
        },
        rows=[review],
    )
    return review_outcome(workflow)


def review_outcome(workflow: Workflow) -> bool | None:
    """Return True once enough people accepted the result, False once one refused it, else None."""
    words = list(workflow.reviews.values_list("accepted", flat=True))
    if not all(words):
        return False
    return True if len(words) >= workflow.reviewers else None

"""The second gate: somebody watches the sealed file before its release, and says yes or no."""

from uuid import UUID

from django.db import transaction

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.approvals.selectors import review_is_needed
from rakkan.approvals.services import Seen, check_may_review, review_record
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.blobs import Area, blob_check
from rakkan.core.errors import NotFound, Refused
from rakkan.productions.models import Production
from rakkan.productions.services.dispatch import check_may_render
from rakkan.productions.services.queue import seal_send
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock, subject_of
from rakkan.productions.states import State
from rakkan.releases.models import Sealing
from rakkan.releases.selectors import sealing_of
from rakkan.releases.services.remove import files_remove

REFUSED = "review-refused"


def result_watch(*, user: User, production_id: UUID | str) -> Sealing:
    """Return the sealed file for the acting approver to watch, after noting it: no delivery.

    Raises:
        NotFound: there is none, or it is another organisation's.
        NotPermitted: no approver, or the requester, or the depicted person.
        Refused: it does not wait for review, or consent or approval no longer hold.
        Damaged: the stored file is not the one that was sealed.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.REVIEW_REFUSED, actor=user_actor(user), subject=subject):
        production, sealing = _waiting(production_id)
        actor, _ = check_may_review(user, production.pk)
        check_may_render(production)
        blob_check(Area.QUARANTINE, sealing.file_sha256)
        event_record(
            EventName.REVIEW_WATCHED,
            actor=actor,
            subject=subject_of(production),
            data={"file_sha256": sealing.file_sha256},
        )
    return sealing


def production_review(*, user: User, production_id: UUID | str, seen: Seen) -> Production:
    """Say as the acting approver whether the file they watched may be released.

    The last yes sends it through the gate once more; a no stops it and destroys the file.

    Raises:
        NotPermitted: no approver, or the requester, or the depicted person, or not confirmed.
        Refused: another file, said already, or consent or approval no longer hold.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.REVIEW_REFUSED, actor=user_actor(user), subject=subject):
        production, sealing = _waiting(production_id)
        check_may_render(production)
        outcome = review_record(
            user=user,
            subject_id=production.pk,
            file_sha256=sealing.file_sha256,
            seen=seen,
        )
        if outcome is True:
            seal_send(production)
        elif outcome is False:
            problem = {
                "code": REFUSED,
                "title": "Who watched the result refused its release.",
                "detail": seen.comment,
                "remedy": "Make a new draft that answers the comment.",
            }
            end(production, State.STOPPED, actor=user_actor(user), problem=problem)
            owner = production.organisation_id
            transaction.on_commit(lambda: files_remove(sealing, owner), robust=True)
    return production


def _waiting(production_id: UUID | str) -> tuple[Production, Sealing]:
    production = production_lock(production_id)
    sealing = sealing_of(production.pk)
    if sealing is None:
        raise NotFound("There is no finished video to review.")
    if State(production.state) is not State.IN_REVIEW or not review_is_needed(production.pk):
        raise Refused(f"It is {production.state}; nobody has to review it now.", code="wrong-state")
    return production, sealing

"""Record an approver's decision; the last approval queues the render job."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.approvals.services import Outcome, Word, decision_record
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.core.errors import NotFound, Refused
from rakkan.dispatch.services import job_create
from rakkan.productions.models import Production
from rakkan.productions.services.covered import check_consents_cover
from rakkan.productions.services.submit import job_spec_of
from rakkan.productions.services.transition import move, production_lock
from rakkan.productions.states import State

_ENDED = {
    Outcome.REJECTED: {
        "code": "rejected",
        "title": "An approver rejected the request.",
        "remedy": "Make a new draft that answers the comment.",
    },
    Outcome.CHANGES: {
        "code": "changes-requested",
        "title": "An approver asks for changes.",
        "remedy": "Make a new draft from this one and change what the comment names.",
    },
}


def production_decide(
    *, user: User, production_id: UUID | str, request_digest: str, word: Word
) -> Production:
    """Decide as the acting approver about exactly the request with this digest.

    Raises:
        NotPermitted: no approver, or the requester, the depicted person or the speaker, or somebody
            who has not confirmed in the last minutes that it is them.
        Refused: another digest, decided already, expired, or the consent is not live any more.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.DECISION_REFUSED, actor=user_actor(user), subject=subject):
        production = production_lock(production_id)
        if production.organisation_id != user.organisation_id:
            raise NotFound(f"There is no production {production_id}.")
        outcome = decision_record(
            user=user,
            subject_id=production.pk,
            subject_digest=request_digest,
            word=word,
        )
        if State(production.state) is not State.IN_APPROVAL:
            raise Refused(f"It is {production.state}.", code="wrong-state")
        if outcome is Outcome.APPROVED:
            _queue(production, user)
        elif outcome in _ENDED:
            production.problem = {**_ENDED[outcome], "detail": word.comment}
            move(
                production,
                State.REJECTED,
                actor=user_actor(user),
                data={"code": production.problem["code"]},
            )
    return production


def _queue(production: Production, user: User) -> None:
    consents = check_consents_cover(production)
    move(
        production,
        State.QUEUED,
        actor=user_actor(user),
        data={"request_digest": production.request_digest},
    )
    job_create(
        spec=job_spec_of(production, consents.likeness),
        subject_id=production.pk,
        person=production.likeness.person,
        request_digest=production.request_digest,
        asset_id=production.asset_id,
    )

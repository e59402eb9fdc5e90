"""Hand out the proof of one event, as a file that is checked without us."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_proof, event_record, refusal_recorded
from rakkan.core.errors import NotFound, Refused


def proof_file(*, user: User, event_id: UUID) -> tuple[int, bytes]:
    """Return an event's number and its proof (C2SP tlog-proof), and note that it was read.

    Raises:
        NotPermitted: the acting user is no auditor.
        NotFound: there is no such event in their organisation.
        Refused: no checkpoint covers it yet.
        LogUnsound: the log's files are not those of the checkpoint.
    """
    about = Subject("log", str(user.organisation_id))
    with refusal_recorded(EventName.INSPECTION_REFUSED, actor=user_actor(user), subject=about):
        actor = check_user_has_role(user, Role.AUDITOR)
        rows = Event.objects.filter(organisation_id=actor.organisation_id).select_related("leaf")
        event = rows.filter(pk=event_id).first()
        if event is None:
            raise NotFound(f"There is no event {event_id}.")
        proof = event_proof(event)
        if proof is None:
            raise Refused(
                "No checkpoint covers this event yet.",
                code="not-published-yet",
                remedy="Try again in a minute.",
            )
        told = {"filters": {"event": str(event.pk)}}
        event_record(EventName.LOG_READ, actor=actor, subject=about, data=told)
    return proof.index, proof.encode()

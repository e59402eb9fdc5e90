"""Have a message sent again, once its tries are over."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotFound, Refused
from rakkan.webhooks.models import Message, Resending


def message_resend(*, user: User, endpoint_id: UUID | str, message_id: UUID | str) -> Message:
    """Begin another round of tries; the message keeps its id, by which receivers know it.

    Raises:
        NotPermitted: no administrator.
        NotFound: there is none in the organisation.
        Refused: it is still being tried, or its endpoint has ended.
    """
    subject = Subject("webhook", str(endpoint_id))
    with refusal_recorded(EventName.WEBHOOK_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.ADMINISTRATOR)
        rows = Message.objects.filter(endpoint__organisation=user.organisation_id)
        found = rows.select_related("endpoint__end").filter(pk=message_id)
        message = found.filter(endpoint__pk=endpoint_id).first()
        if message is None:
            raise NotFound(f"There is no message {message_id}.")
        if getattr(message.endpoint, "end", None) is not None:
            raise Refused(
                "The endpoint has ended.", code="endpoint-ended", remedy="Add it again first."
            )
        asked = _ask(message, user)
        event_record(
            EventName.WEBHOOK_RESENT,
            actor=actor,
            subject=subject,
            data={"message": str(message.pk)},
            rows=[asked],
        )
    return message


def _ask(message: Message, user: User) -> Resending:
    last = message.attempts.last()
    if last is None or last.next_at is not None:
        raise _is_open()
    try:
        with transaction.atomic():
            return Resending.objects.create(attempt=last, asked_by=user, asked_at=timezone.now())
    except IntegrityError as error:  # somebody asked before, perhaps a moment ago
        raise _is_open() from error


def _is_open() -> Refused:
    return Refused("The message is still being tried.", code="message-open", remedy="Wait for it.")

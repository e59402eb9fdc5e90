"""Read endpoints and what they were told."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import NotFound
from rakkan.webhooks.models import Attempt, Endpoint, Message, Topic


class MessageState(StrEnum):
    """How far a message is."""

    WAITING = "waiting"  # for its first try, of this round
    TRYING = "trying"  # a try failed, another one follows
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"
    DROPPED = "dropped"  # its endpoint ended first


def endpoints_visible(user: User) -> QuerySet[Endpoint]:
    """Return the endpoints of an administrator's organisation.

    Raises:
        NotPermitted: no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    rows = Endpoint.objects.filter(organisation=user.organisation_id)
    return rows.select_related("end")


def endpoint_get(user: User, endpoint_id: UUID | str) -> Endpoint:
    """Return an endpoint of an administrator's organisation.

    Raises:
        NotPermitted: no administrator.
        NotFound: there is none in the organisation.
    """
    endpoint = endpoints_visible(user).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(f"There is no endpoint {endpoint_id}.")
    return endpoint


def endpoint_messages(user: User, endpoint_id: UUID | str) -> QuerySet[Message]:
    """Return what an endpoint was told, or is to be told, the newest first.

    Raises:
        NotFound: there is none in the organisation.
    """
    rows = endpoint_get(user, endpoint_id).messages.select_related("endpoint__end")
    return rows.prefetch_related("attempts__resending").order_by("-queued_at", "id")


def message_state(message: Message) -> MessageState:
    """Return how far a message is."""
    tries: list[Attempt] = list(message.attempts.all())
    last = tries[-1] if tries else None
    if last is not None and last.next_at is None and not hasattr(last, "resending"):
        return MessageState.DELIVERED if last.delivered else MessageState.GIVEN_UP
    if getattr(message.endpoint, "end", None) is not None:
        return MessageState.DROPPED
    tried = last is not None and not hasattr(last, "resending")
    return MessageState.TRYING if tried else MessageState.WAITING


def told_of(topic: Topic, subject_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Return by subject whether every endpoint that was to be told has been; none: not in it."""
    rows = Message.objects.filter(topic=topic.value, subject_id__in=list(subject_ids))
    found: dict[UUID, bool] = {}
    for message in rows.prefetch_related("attempts"):
        done = any(attempt.delivered for attempt in message.attempts.all())
        found[message.subject_id] = done and found.get(message.subject_id, True)
    return found

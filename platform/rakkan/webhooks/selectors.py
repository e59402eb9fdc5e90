"""Read endpoints and what they were told."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import NotFound
from rakkan.webhooks.models import Endpoint, Message, Topic


def endpoints_visible(user: User) -> QuerySet[Endpoint]:
    """Return the endpoints of an administrator's organisation.

    Raises:
        NotPermitted: no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    rows = Endpoint.objects.filter(organisation=user.organisation_id)
    return rows.select_related("end")


def endpoint_messages(user: User, endpoint_id: UUID) -> QuerySet[Message]:
    """Return what an endpoint was told, or is to be told, the newest first.

    Raises:
        NotFound: there is none in the organisation.
    """
    endpoint = endpoints_visible(user).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(f"There is no endpoint {endpoint_id}.")
    return endpoint.messages.prefetch_related("attempts").order_by("-queued_at", "id")


def told_of(topic: Topic, subject_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Return by subject whether every endpoint that was to be told has been; none: not in it."""
    rows = Message.objects.filter(topic=topic.value, subject_id__in=list(subject_ids))
    found: dict[UUID, bool] = {}
    for message in rows.prefetch_related("attempts"):
        done = any(attempt.delivered for attempt in message.attempts.all())
        found[message.subject_id] = done and found.get(message.subject_id, True)
    return found

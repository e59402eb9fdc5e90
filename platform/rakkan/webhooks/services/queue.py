"""Queue what endpoints are to be told, in the transaction of what it tells."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from rakkan.webhooks.models import Endpoint, Message, Topic


def message_queue(
    topic: Topic, organisation_id: UUID, about: list[tuple[UUID, dict[str, Any]]]
) -> int:
    """Write one message an endpoint and subject, in the caller's transaction; return how many.

    Nothing is sent here: an endpoint that does not answer holds up nobody.

    Args:
        topic: what happened.
        organisation_id: whose endpoints are told.
        about: the id of each subject, and ids and states that describe it.
    """
    endpoints = Endpoint.objects.filter(
        organisation=organisation_id, topics__contains=[topic.value], end=None
    )
    now = timezone.now()
    rows = [
        Message(
            endpoint=endpoint,
            topic=topic.value,
            subject_id=subject_id,
            payload={"type": topic.value, "timestamp": now.isoformat(), "data": data},
            queued_at=now,
        )
        for endpoint in endpoints
        for subject_id, data in about
    ]
    return len(Message.objects.bulk_create(rows))

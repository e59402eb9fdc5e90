"""Deliver what is queued: in order, again and again with growing pauses, for a day and a half."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from rakkan.webhooks.models import Attempt, Endpoint, Message
from rakkan.webhooks.sending import NotSent, send
from rakkan.webhooks.signing import headers_of

PAUSES = [timedelta(seconds=s) for s in (10, 60, 300, 1_800, 7_200, 18_000, 36_000, 64_800)]
SECONDS = 5.0  # that one round spends at most, before a last try
BATCH = 100  # messages of one endpoint in a round


def messages_deliver() -> int:
    """Try what is due at every endpoint and return how many were delivered.

    After a message that fails, its endpoint waits; the others do not.
    """
    began, delivered = time.monotonic(), 0
    for endpoint_id in _endpoints_due():
        for message in list(_due().filter(endpoint=endpoint_id)[:BATCH]):
            if time.monotonic() - began > SECONDS:
                return delivered
            if not _try(message):
                break
            delivered += 1
    return delivered


def _due() -> QuerySet[Message]:
    attempts = Attempt.objects.filter(message=OuterRef("pk"))
    closed = attempts.filter(next_at__isnull=True, resending=None)
    early = attempts.filter(next_at__gt=timezone.now())
    rows = Message.objects.filter(~Exists(closed), ~Exists(early), endpoint__end=None)
    return rows.select_related("endpoint").order_by("queued_at", "id")


def _endpoints_due() -> list[UUID]:
    waiting = Endpoint.objects.filter(pk__in=_due().order_by().values("endpoint"))
    return list(waiting.values_list("pk", flat=True))


@transaction.atomic
def _try(message: Message) -> bool:
    """Send a message once, unless another process is at its endpoint, and note what came of it."""
    with connection.cursor() as cursor:
        number = message.endpoint_id.int % (1 << 63)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            return False
    if message.attempts.filter(next_at__isnull=True, resending=None).exists():
        return True
    made = message.attempts.count()
    again = message.attempts.exclude(resending=None).last()
    tried = made - again.number if again else made  # in this round
    outcome = _send(message)
    last = tried >= len(PAUSES)
    pause = None if outcome["delivered"] or last else timezone.now() + PAUSES[tried]
    Attempt.objects.create(
        message=message, number=made + 1, made_at=timezone.now(), next_at=pause, **outcome
    )
    return bool(outcome["delivered"])


def _send(message: Message) -> dict[str, Any]:
    body = json.dumps(message.payload, separators=(",", ":"), sort_keys=True).encode()
    secret = str(message.endpoint.secret)
    headers = headers_of(secret, str(message.pk), int(time.time()), body)
    try:
        status = send(message.endpoint.url, headers, body)
    except NotSent as error:
        return {"delivered": False, "status": None, "problem": error.code}
    if 200 <= status < 300:
        return {"delivered": True, "status": status, "problem": ""}
    return {"delivered": False, "status": status, "problem": "refused"}

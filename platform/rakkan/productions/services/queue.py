"""Remind the seal worker of a production or a preview: after commit, by id only."""

from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction

from rakkan.productions.models import Production

SEAL_TASK = "rakkan.productions.seal"
READ_TASK = "rakkan.productions.read_preview"
SEAL_QUEUE = "seal"


def seal_send(production: Production) -> None:
    """Ask the seal worker to go on with a production once this transaction has committed.

    A broker that is down loses nothing: the reconciler asks again.
    """
    _send(SEAL_TASK, production.pk)


def read_send(preview_id: UUID) -> None:
    """Ask the seal worker to read a preview's mark back, as :func:`seal_send` does.

    A message lasts as long as it takes to ask again: a worker that was away finds a few, not all.
    """
    _send(READ_TASK, preview_id, expires=settings.RAKKAN_RESEND_SECONDS)


def _send(task: str, row_id: UUID, expires: float | None = None) -> None:
    def send() -> None:
        current_app.send_task(
            task, args=[str(row_id)], queue=SEAL_QUEUE, ignore_result=True, expires=expires
        )

    transaction.on_commit(send, robust=True)

"""Remind the seal worker of a production: after commit, by id only."""

from celery import current_app
from django.db import transaction

from rakkan.productions.models import Production

SEAL_TASK = "rakkan.productions.seal"
SEAL_QUEUE = "seal"


def seal_send(production: Production) -> None:
    """Ask the seal worker to go on with a production once this transaction has committed.

    A broker that is down loses nothing: the reconciler asks again.
    """
    production_id = str(production.pk)
    transaction.on_commit(lambda: _send(production_id), robust=True)


def _send(production_id: str) -> None:
    current_app.send_task(SEAL_TASK, args=[production_id], queue=SEAL_QUEUE, ignore_result=True)

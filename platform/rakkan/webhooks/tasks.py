"""Shells around the background work of this app."""

from typing import Any

from celery import shared_task

from rakkan.core.requests import request_id_start
from rakkan.webhooks.services import messages_deliver


@shared_task(name="rakkan.webhooks.deliver", ignore_result=True)
def deliver(**_: Any) -> None:
    """Deliver what is due."""
    request_id_start()
    messages_deliver()

"""Background work: the sequencer's heartbeat."""

from typing import Any

from celery import shared_task

from rakkan.audit.services import events_sequence


@shared_task(name="rakkan.audit.sequence", ignore_result=True)
def sequence(**_: Any) -> None:
    """Number what is not numbered yet."""
    events_sequence()

"""Background work: the sequencer's heartbeat, and months made ahead."""

from typing import Any

from celery import shared_task

from rakkan.audit.services import checkpoint_vouch, log_advance, months_make


@shared_task(name="rakkan.audit.sequence", ignore_result=True)
def sequence(**_: Any) -> None:
    """Number what is not numbered yet, publish a checkpoint if one is due, have it vouched for."""
    log_advance()
    checkpoint_vouch()


@shared_task(name="rakkan.audit.months", ignore_result=True)
def months(**_: Any) -> None:
    """Make the partitions of months to come."""
    months_make()

"""Shells around the background work of this app."""

import logging
from typing import Any

from celery import shared_task

from rakkan.core.requests import request_id_start
from rakkan.lifecycle.services import (
    erasure_carry_out,
    erasures_resume,
    removals_resume,
    retention_run,
)
from rakkan.lifecycle.services.erase import TASK

log = logging.getLogger(__name__)


@shared_task(name=TASK, ignore_result=True)
def erase(erasure_id: str, **_: Any) -> None:
    """Carry out one erasure."""
    request_id_start()
    erasure_carry_out(erasure_id)


@shared_task(name="rakkan.lifecycle.resume", ignore_result=True)
def resume(**_: Any) -> None:
    """Go on with erasures, and with the files of refused videos, that were left behind."""
    request_id_start()
    erasures_resume()
    removals_resume()


@shared_task(name="rakkan.lifecycle.retention", ignore_result=True)
def retention(**_: Any) -> None:
    """Dispose of what has been kept long enough."""
    request_id_start()
    log.info("retention: %s things disposed of", retention_run())

"""Background work: the index follows the log, and what follows from new events."""

from typing import Any

from celery import shared_task

from rakkan.core.requests import request_id_start
from rakkan.inspection.services import index_update, readings_forget, watches_tell, watches_update


@shared_task(name="rakkan.inspection.index", ignore_result=True)
def index(**_: Any) -> None:
    """Index what has been numbered since, and compare it with the watch-lists."""
    request_id_start()
    index_update()
    watches_update()


@shared_task(name="rakkan.inspection.hourly", ignore_result=True)
def hourly(**_: Any) -> None:
    """Tell auditors of matches; forget which readings of past hours were noted."""
    request_id_start()
    watches_tell()
    readings_forget()

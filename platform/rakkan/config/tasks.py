"""Background work that is about the whole program."""

from typing import Any

from celery import shared_task

from rakkan.config.self_check import self_check


@shared_task(name="rakkan.config.self_check", ignore_result=True)
def look(**_: Any) -> None:
    """Look whether the walls in the database and the log are as they must be."""
    self_check()

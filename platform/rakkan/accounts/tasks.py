"""Background work: what ran out is forgotten."""

from typing import Any

from celery import shared_task

from rakkan.accounts.services import invitations_forget, sessions_forget
from rakkan.core.cache import cache_forget


@shared_task(name="rakkan.accounts.forget", ignore_result=True)
def forget(**_: Any) -> None:
    """End invitations that ran out, and forget where they went; so with sessions and attempts."""
    invitations_forget()
    sessions_forget()
    cache_forget()

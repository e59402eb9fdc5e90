"""Shells around the background work: retries and logging, nothing else."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from rakkan.core.errors import Unavailable
from rakkan.core.requests import request_id_start
from rakkan.productions.services.queue import READ_TASK, SEAL_QUEUE, SEAL_TASK
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.remind import reminders_send

log = logging.getLogger(__name__)


@worker_ready.connect
def _get_ready(sender: Any, **_: Any) -> None:
    """Where videos are sealed, load what the first of them would wait for."""
    if SEAL_QUEUE in sender.app.amqp.queues.consume_from:
        import rakkan.productions.services.finish  # noqa: F401,PLC0415  the media libraries
        from rakkan.releases.services.apart import get_ready  # noqa: PLC0415  as above

        get_ready()


@shared_task(name=SEAL_TASK, ignore_result=True, throws=(Unavailable,))
def seal(production_id: str, **_: Any) -> None:
    """Seal, gate and release one production; what is unavailable now is asked for again later."""
    from rakkan.productions.services.finish import (  # noqa: PLC0415  the media libraries load
        production_finish,  # in the seal worker only
    )

    request_id_start()
    log.info("sealing %s", production_id)
    production_finish(production_id)


@shared_task(name=READ_TASK, ignore_result=True, throws=(Unavailable,))
def read_preview(preview_id: str, **_: Any) -> None:
    """Read a preview's mark back, so that it may be seen."""
    from rakkan.productions.services.preview_read import (  # noqa: PLC0415  as above
        preview_read,
    )

    request_id_start()
    preview_read(preview_id)


@shared_task(name="rakkan.productions.reconcile", ignore_result=True)
def reconcile_all(**_: Any) -> None:
    """Go on with what was left behind."""
    request_id_start()
    reconcile()


@shared_task(name="rakkan.productions.remind", ignore_result=True)
def remind(**_: Any) -> None:
    """Remind who has not decided, and bring what waits too long before somebody else."""
    request_id_start()
    reminders_send()

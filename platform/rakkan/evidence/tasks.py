"""Shells around the background work of this app."""

import logging
from typing import Any

from celery import shared_task

from rakkan.core.errors import Unavailable
from rakkan.core.requests import request_id_start
from rakkan.evidence.services import PACK_TASK, packs_expire, packs_remind

log = logging.getLogger(__name__)


@shared_task(name=PACK_TASK, ignore_result=True, throws=(Unavailable,))
def pack(pack_id: str, **_: Any) -> None:
    """Build one pack; what cannot be proven yet is asked for again later."""
    from rakkan.evidence.services.build import pack_build  # noqa: PLC0415  the media libraries
    # load in the seal worker only

    request_id_start()
    log.info("building pack %s", pack_id)
    pack_build(pack_id)


@shared_task(name="rakkan.evidence.tend", ignore_result=True)
def tend(**_: Any) -> None:
    """Ask again for packs that wait, and end those whose time is over."""
    request_id_start()
    packs_remind()
    packs_expire()

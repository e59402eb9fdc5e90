"""Finish: what the seal worker does with one production, whatever state a crash left it in.

Loads the media libraries: imported by the seal worker only.
"""

import errno
import logging
import tempfile
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rakkan.approvals.selectors import review_is_needed
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_about
from rakkan.audit.services import event_record, system
from rakkan.core.errors import RakkanError, Unavailable
from rakkan.productions.models import Production
from rakkan.productions.services.gate import production_gate
from rakkan.productions.services.lips import lips_are_known
from rakkan.productions.services.locks import seal_lock
from rakkan.productions.services.seal import production_seal
from rakkan.productions.services.stop import (
    permission_ended,
    problem_of,
    production_fail,
    production_stop,
)
from rakkan.productions.services.transition import subject_of
from rakkan.productions.states import State

log = logging.getLogger(__name__)

CRASHED = "seal-crashed"
MAX_CRASHES = 5  # then it is not tried again: whatever breaks the worker would break it for ever
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_GIVEN_UP = {
    "code": CRASHED,
    "title": "Sealing broke off each time it was tried.",
    "detail": "",
    "remedy": "Make a new production, and tell the operators; the seal worker's log says why.",
}


def production_finish(production_id: UUID | str) -> None:
    """Seal, gate and release a rendered production; a second worker at the same one does nothing.

    What can never work ends the production; so does a fault of our own that broke it off for the
    fifth time.

    Raises:
        Unavailable: something does not answer, or broke off; the reconciler asks again.
    """
    with seal_lock(UUID(str(production_id))) as held:
        if not held:
            return
        try:
            _finish_where_there_is_room(production_id)
        except RakkanError as error:
            _note(_load(production_id), error)
            if isinstance(error, Unavailable):
                raise
            if permission_ended(error):
                production_stop(production_id=production_id, refused=error)
                return
            production_fail(production_id=production_id, problem=problem_of(error), process="seal")
        except Exception as error:
            log.exception("sealing %s broke off", production_id)
            if _note_crash(_load(production_id), error) < MAX_CRASHES:
                raise Unavailable(f"Sealing broke off: {error!r}", code=CRASHED) from error
            production_fail(production_id=production_id, problem=_GIVEN_UP, process="seal")


def _finish_where_there_is_room(production_id: UUID | str) -> None:
    """Finish; a full disk is nobody's fault that five tries should end a production for."""
    try:
        _finish(production_id)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Unavailable(f"There is no room: {error}", code="disk-unavailable") from error


def _finish(production_id: UUID | str) -> None:
    known = lips_are_known(production_id)  # a worker looks beside the sealing
    if State(_load(production_id).state) is State.RENDERED:
        with tempfile.TemporaryDirectory(prefix="rakkan-seal-") as work:
            production_seal(_load(production_id), Path(work))
    state = State(_load(production_id).state)
    watched = state is State.IN_REVIEW and not review_is_needed(UUID(str(production_id)))
    if (state is State.SEALED or watched) and (known or lips_are_known(production_id)):
        with tempfile.TemporaryDirectory(prefix="rakkan-gate-") as work:
            production_gate(_load(production_id), Path(work))


def _load(production_id: UUID | str) -> Production:
    return Production.objects.select_related(
        "likeness__person",
        "speaker__person",
        "consent",
        "voice_consent",
        "rendering",
        "voice_measurement",
        "organisation",
    ).get(pk=production_id)


@transaction.atomic
def _note(production: Production, error: RakkanError) -> None:
    """Write that it did not work; the same reason again and again is written once."""
    told = _refusals(production).last()
    if told is None or told.data["code"] != error.code:
        _tell(production, error.code, type(error).__name__)


@transaction.atomic
def _note_crash(production: Production, error: Exception) -> int:
    """Write down a fault of our own, each time, and return how many there have been."""
    _tell(production, CRASHED, type(error).__name__)  # its words may hold paths and names
    return _refusals(production).filter(data__code=CRASHED).count()


def _refusals(production: Production) -> QuerySet[Event]:
    return events_about([str(production.pk)]).filter(name=EventName.SEAL_REFUSED)


def _tell(production: Production, code: str, fault: str) -> None:
    event_record(
        EventName.SEAL_REFUSED,
        actor=system("seal", production.organisation_id),
        subject=subject_of(production),
        data={"code": code, "fault": fault},
    )

"""Finish: what the seal worker does with one production, whatever state a crash left it in.

Loads the media libraries: imported by the seal worker only.
"""

import tempfile
from pathlib import Path
from uuid import UUID

from django.db import transaction

from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_about
from rakkan.audit.services import event_record, system
from rakkan.core.errors import RakkanError, Unavailable
from rakkan.productions.models import Production
from rakkan.productions.services.gate import production_gate
from rakkan.productions.services.locks import seal_lock
from rakkan.productions.services.seal import production_seal
from rakkan.productions.services.stop import problem_of, production_fail
from rakkan.productions.services.transition import subject_of
from rakkan.productions.states import State


def production_finish(production_id: UUID | str) -> None:
    """Seal, gate and release a rendered production; a second worker at the same one does nothing.

    Raises:
        Unavailable: something does not answer; the reconciler asks again.
    """
    with seal_lock(UUID(str(production_id))) as held:
        if not held:
            return
        try:
            if State(_load(production_id).state) is State.RENDERED:
                with tempfile.TemporaryDirectory(prefix="rakkan-seal-") as work:
                    production_seal(_load(production_id), Path(work))
            if State(_load(production_id).state) is State.SEALED:
                with tempfile.TemporaryDirectory(prefix="rakkan-gate-") as work:
                    production_gate(_load(production_id), Path(work))
        except RakkanError as error:
            _note(_load(production_id), error)
            if isinstance(error, Unavailable):
                raise
            production_fail(production_id=production_id, problem=problem_of(error), process="seal")


def _load(production_id: UUID | str) -> Production:
    return Production.objects.select_related(
        "likeness__person", "consent", "rendering", "voice_measurement", "organisation"
    ).get(pk=production_id)


@transaction.atomic
def _note(production: Production, error: RakkanError) -> None:
    """Write that it did not work; the same reason again and again is written once."""
    told = events_about([str(production.pk)]).filter(name=EventName.SEAL_REFUSED).last()
    if told is not None and told.data["code"] == error.code:
        return
    event_record(
        EventName.SEAL_REFUSED,
        actor=system("seal", production.organisation_id),
        subject=subject_of(production),
        data={"code": error.code, "reason": str(error)},
    )

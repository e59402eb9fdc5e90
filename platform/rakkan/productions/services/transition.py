"""Move a production from one state to another and write the event: the one place that does."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, Case, Model, Value, When
from django.utils import timezone

from rakkan.audit.services import Actor, Subject, event_record
from rakkan.core.errors import NotFound
from rakkan.core.states import check_transition
from rakkan.previews.selectors import preview_open
from rakkan.productions.models import Production
from rakkan.productions.services.preview_end import preview_close
from rakkan.productions.states import EVENTS, TRANSITIONS, State


def production_lock(production_id: UUID | str) -> Production:
    """Return a production, locked for the transaction.

    Raises:
        NotFound: there is none.
    """
    production = (
        Production.objects.select_for_update(of=("self",))
        .select_related(
            "likeness__person__user",
            "speaker__person__user",
            "organisation",
            "requester",
            "consent",
            "voice_consent",
        )
        .filter(pk=production_id)
        .first()
    )
    if production is None:
        raise NotFound(f"There is no production {production_id}.")
    return production


def productions_lock(ids: list[UUID]) -> list[Production]:
    """Return productions, locked for the transaction in the order of their ids."""
    rows = Production.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    return list(rows.select_related("organisation", "likeness__person").order_by("pk"))


def subject_of(production: Production) -> Subject:
    """Return the production as the subject of an event."""
    return Subject("production", str(production.pk), production.asset_id)


def move(
    production: Production,
    target: State,
    *,
    actor: Actor,
    data: dict[str, Any] | None = None,
    rows: Iterable[Model] = (),
) -> None:
    """Put a locked production into ``target`` and write the event of its arrival.

    Args:
        production: locked.
        target: its next state.
        actor: who moves it.
        data: of the event.
        rows: what else the act wrote.

    Raises:
        Refused: the transition is not in the table.
    """
    current = State(production.state)
    check_transition(TRANSITIONS, current, target)
    if current is State.IN_APPROVAL:
        _end_preview(production, target, actor)
    production.state = target.value
    production.save()
    event_record(
        EVENTS[target],
        actor=actor,
        subject=subject_of(production),
        data={"from": current.value, **(data or {})},
        rows=[production, *rows],
    )


def _end_preview(production: Production, target: State, actor: Actor) -> None:
    """A preview is for those who decide; once there is nothing to decide, it goes."""
    preview = preview_open(production.pk)
    if preview is not None:
        preview_close(preview, reason=f"production-{target.value}", actor=actor)


def move_many(productions: list[Production], target: State, *, problem: dict[str, str]) -> None:
    """Put locked productions into a state in one statement; the part below wrote the events.

    Raises:
        Refused: the transition is not in the table for one of them; none was moved.
    """
    for production in productions:
        check_transition(TRANSITIONS, State(production.state), target)
    field = Production._meta.get_field("problem")
    told = [When(pk=p.pk, then=Value(field.sealed(p, problem), BinaryField())) for p in productions]
    Production.objects.filter(pk__in=[p.pk for p in productions]).update(
        state=target.value, problem=Case(*told), changed_at=timezone.now()
    )


def move_silently(production: Production, target: State) -> None:
    """Put a locked production into a state whose event a part below has written already."""
    check_transition(TRANSITIONS, State(production.state), target)
    production.state = target.value
    production.save()

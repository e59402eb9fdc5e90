"""Read the log, and how it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from rakkan.audit.models import Checkpoint, Event, Leaf, SelfCheck, Voucher, Waiting


@dataclass(frozen=True, slots=True)
class LogStanding:
    """How the log stands, for whoever runs the machines; nothing of what is in it."""

    checkpoint: Checkpoint | None
    waiting: int  # events without a number
    vouchers: list[Voucher]
    check: SelfCheck | None


def log_standing() -> LogStanding:
    """Return how the log stands."""
    return LogStanding(
        Checkpoint.objects.order_by("-size").first(),
        Waiting.objects.count(),
        list(Voucher.objects.order_by("name")),
        SelfCheck.objects.order_by("-made_at").first(),
    )


def leaves_after(sequence: int, limit: int) -> list[Leaf]:
    """Return the leaves that follow a number, in the order of the log, each with its event."""
    rows = Leaf.objects.filter(sequence__gt=sequence).select_related("event")
    return list(rows.order_by("sequence")[:limit])


def events_numbered(numbers: Iterable[int]) -> list[Event]:
    """Return the events that have these numbers, each with its leaf, in this order.

    Numbers of events that the database does not show to the organisation at work are left out.
    """
    wanted = list(numbers)
    rows = Event.objects.filter(leaf__sequence__in=wanted).select_related("leaf")
    found = {event.leaf.sequence: event for event in rows}
    return [found[number] for number in wanted if number in found]


def events_about(object_ids: list[str]) -> QuerySet[Event]:
    """Return the events about these objects in the order they happened."""
    return (
        Event.objects.filter(object_id__in=object_ids)
        .select_related("leaf")
        .order_by("occurred_at", "written")
    )

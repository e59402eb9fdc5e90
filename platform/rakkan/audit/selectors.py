"""Read the log."""

from django.db.models import QuerySet

from rakkan.audit.models import Event


def events_of(organisation_id: object) -> QuerySet[Event]:
    """Return an organisation's events, newest first, each with its place in the log."""
    return (
        Event.objects.filter(organisation_id=str(organisation_id))
        .select_related("leaf")
        .order_by("-occurred_at", "-written")
    )


def events_about(object_ids: list[str]) -> QuerySet[Event]:
    """Return the events about these objects in the order they happened."""
    return (
        Event.objects.filter(object_id__in=object_ids)
        .select_related("leaf")
        .order_by("occurred_at", "written")
    )

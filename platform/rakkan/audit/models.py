"""Two append-only tables: what happened, and the place of each event in the log.

Events outlive what they speak of, so they carry copies of ids and non-personal labels and no
foreign key to anything. A written event is never touched to number it: its number is a row of
its own.
"""

from typing import ClassVar

import pgtrigger
from django.db import models

from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through

_REFUSE = pgtrigger.Func(
    "RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME "
    "USING ERRCODE = 'insufficient_privilege';"
)


def append_only(subject: str) -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse UPDATE, DELETE and TRUNCATE on a table."""
    return [
        pgtrigger.Trigger(
            name=f"{subject}_no_change",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSE,
        ),
        pgtrigger.Trigger(
            name=f"{subject}_no_truncate",
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            level=pgtrigger.Statement,
            func=_REFUSE,
        ),
    ]


class Event(IdModel):
    """One act, written in the transaction of the act."""

    name = models.CharField(max_length=80)
    occurred_at = models.DateTimeField()
    actor_id = models.CharField(max_length=64)  # a user's id, or "system:<process>"
    actor_role = models.CharField(max_length=100)  # or every role of a user who was refused
    organisation_id = models.CharField(max_length=64, blank=True)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    canonical = models.TextField()  # RFC 8785 form of the fields above: what the leaf hash covers
    # The order of writing, in which the log numbers: clocks go back, and one act writes several
    # events in one moment.
    written = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(models.Value("audit_event_written"), function="nextval"),
    )

    tenant: ClassVar = Own()

    class Meta:
        """Found by object, actor and time."""

        indexes: ClassVar = [
            models.Index(fields=["object_id", "occurred_at"]),
            models.Index(fields=["organisation_id", "occurred_at"]),
        ]
        triggers: ClassVar = append_only("event")

    def __str__(self) -> str:
        """Name and object."""
        return f"{self.name} {self.object_id}"


class Leaf(models.Model):
    """The place of an event in the log: gap-free numbers from 0 and the RFC 6962 leaf hash."""

    sequence = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField(max_length=32)
    sequenced_at = models.DateTimeField()

    tenant: ClassVar = Through("event")

    class Meta:
        """Numbers are consecutive by trigger, whatever the program does."""

        triggers: ClassVar = [
            *append_only("leaf"),
            pgtrigger.Trigger(
                name="leaf_consecutive",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.sequence <> (
                        SELECT COALESCE(MAX(sequence) + 1, 0) FROM {meta.db_table}
                    ) THEN
                        RAISE EXCEPTION 'gap-free: % is not the next number', NEW.sequence
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Number and event."""
        return f"{self.sequence}: {self.event_id}"

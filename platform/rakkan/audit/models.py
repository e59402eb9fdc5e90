"""What happened, what waits for its number, and the place of each event in the log.

Events outlive what they speak of, so they carry copies of ids and non-personal labels and no
foreign key to anything. A written event is never touched to number it: its number is a row of
its own. Events lie in a partition a month (0067); a trigger puts each into the queue of those that
wait for a number, in the transaction of its act, and none leaves the queue without one (0066).
"""

from typing import ClassVar

import pgtrigger
from django.db import models

from rakkan.audit.publishing import Checkpoint, Cosignature, SelfCheck, TimeStamp, Voucher
from rakkan.core.models import IdModel, append_only, refuse
from rakkan.core.tenancy import Own, Through

__all__ = [
    "Checkpoint",
    "Cosignature",
    "Event",
    "Leaf",
    "SelfCheck",
    "TimeStamp",
    "Voucher",
    "Waiting",
    "append_only",
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


class Waiting(models.Model):
    """An event that has no number yet; written by a trigger on events and by nobody else."""

    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    occurred_at = models.DateTimeField()
    written = models.BigIntegerField()

    rights: ClassVar = frozenset({"SELECT", "DELETE"})  # of the application's role

    class Meta:
        """Taken as they were written; gone only once they have a number."""

        indexes: ClassVar = [models.Index(fields=["written", "event"])]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="waiting_no_update",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=refuse(),
            ),
            pgtrigger.Trigger(
                name="waiting_no_truncate",
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                func=refuse(),
            ),
            pgtrigger.Trigger(
                name="waiting_until_numbered",
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(old="gone"),
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM gone WHERE NOT EXISTS (
                            SELECT 1 FROM audit_leaf l WHERE l.event_id = gone.event_id
                        )
                    ) THEN
                        RAISE EXCEPTION 'no event lost: one that waits has no number yet'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """The event's id."""
        return str(self.event_id)


class Leaf(models.Model):
    """The place of an event in the log: gap-free numbers from 0 and the RFC 6962 leaf hash."""

    sequence = models.BigIntegerField(primary_key=True)
    # The foreign key is (event, occurred_at): the key of a partitioned table names its partition.
    event = models.OneToOneField(
        Event, on_delete=models.PROTECT, related_name="leaf", db_constraint=False
    )
    occurred_at = models.DateTimeField()
    leaf_hash = models.BinaryField(max_length=32)
    sequenced_at = models.DateTimeField()

    tenant: ClassVar = Through("event")

    class Meta:
        """Numbers are consecutive by trigger, whatever the program does."""

        triggers: ClassVar = [
            *append_only("leaf"),
            pgtrigger.Trigger(
                name="leaf_consecutive",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="fresh"),
                declare=[("first", "bigint"), ("rows", "bigint"), ("last", "bigint")],
                # Numbers are unique (primary key), so rows from `first` on without a gap are as
                # many as their span, and `first` follows the last one that was there before.
                func=pgtrigger.Func(
                    """
                    SELECT min(sequence), count(*), max(sequence)
                        INTO first, rows, last FROM fresh;
                    IF rows > 0 AND (last - first + 1 <> rows OR first <> (
                        SELECT COALESCE(MAX(sequence) + 1, 0) FROM {meta.db_table}
                        WHERE sequence < first
                    )) THEN
                        RAISE EXCEPTION 'gap-free: % is not the next number', first
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Number and event."""
        return f"{self.sequence}: {self.event_id}"

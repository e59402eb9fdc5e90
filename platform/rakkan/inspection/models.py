"""The index of the log, watch-lists on it, and notes of who was shown whose data."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through
from rakkan.vault.fields import SealedJSON, SealedText


class Posting(models.Model):
    """What one numbered event can be found by: hashes, each made with the organisation's id.

    PostgreSQL does not use an index of arrays behind a policy (0072), so nobody may read the table:
    functions answer for the organisation at work (migration 0002), and for no other.
    """

    sequence = models.BigIntegerField(primary_key=True)
    whose = models.BigIntegerField()  # hash of the organisation's id
    occurred_at = models.DateTimeField()
    terms = ArrayField(models.BigIntegerField())

    rights: ClassVar = frozenset({"INSERT"})  # of the application's role

    class Meta:
        """Walked by time, or found by terms; never edited, so that nothing can be hidden."""

        indexes: ClassVar = [
            models.Index(fields=["whose", "occurred_at", "sequence"], name="posting_by_time"),
            # Written by one process in batches: a list of what is not sorted in yet would only
            # slow down readers.
            GinIndex(fields=["terms"], name="posting_by_term", fastupdate=False),
        ]
        triggers: ClassVar = append_only("posting")

    def __str__(self) -> str:
        """The event's number."""
        return str(self.sequence)


class Watch(IdModel):
    """A filter that an auditor keeps under a name, to be told of new events that match.

    What it asks lies here twice: sealed, in words, for its owner's page; and as terms, which the
    process that compares needs and which open nothing.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="watches"
    )
    label = SealedText(subject="owner_id", max_length=80)
    asked = SealedJSON(subject="owner_id", default=dict)
    terms = ArrayField(models.BigIntegerField())
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    language = models.CharField(max_length=5, default="en")  # of the message
    made_at = models.DateTimeField()
    upto = models.BigIntegerField()  # events with a smaller number have been compared
    seen = models.BigIntegerField()  # its owner has looked at matches with a smaller number
    mailed = models.BigIntegerField()  # and was told of those with a smaller number
    mailed_at = models.DateTimeField(null=True)

    tenant: ClassVar = Own()

    class Meta:
        """In the order they were made; looked at and mailed no further than compared."""

        ordering: ClassVar = ["made_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(seen__lte=models.F("upto"), mailed__lte=models.F("upto")),
                name="watch_not_ahead",
            )
        ]

    def __str__(self) -> str:
        """Whose."""
        return f"watch of {self.owner_id}"


class WatchHit(models.Model):
    """An event that a watch-list matched."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="hits")
    sequence = models.BigIntegerField()

    tenant: ClassVar = Through("watch")

    class Meta:
        """Each event once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watch", "sequence"], name="watch_tells_once")
        ]

    def __str__(self) -> str:
        """Watch-list and number."""
        return f"{self.watch_id}: {self.sequence}"


class Shown(models.Model):
    """A reader was shown something in this hour: the event is written, and once is enough."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    object_id = models.UUIDField()
    hour = models.DateTimeField(db_index=True)

    tenant: ClassVar = Own()

    class Meta:
        """Whoever writes the row writes the event."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reader", "object_id", "hour"], name="shown_once_an_hour"
            )
        ]

    def __str__(self) -> str:
        """Who and what."""
        return f"{self.reader_id}: {self.object_id}"

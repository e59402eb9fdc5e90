"""What the log has published: checkpoints, who else vouches for them, and what was found in it.

None of it belongs to an organisation: a checkpoint is of the whole log and is public.
"""

from typing import ClassVar

import pgtrigger
from django.db import models

from rakkan.core.models import IdModel, append_only


class Checkpoint(models.Model):
    """Size and root of the tree, signed by the log's key: what the log can never take back."""

    size = models.BigIntegerField(primary_key=True)
    root_hash = models.BinaryField(max_length=32)
    note = models.TextField()  # C2SP signed note, with the log's own signature alone
    signed_at = models.DateTimeField()

    class Meta:
        """Each is larger than every earlier one, and of no more events than have a number."""

        triggers: ClassVar = [
            *append_only("checkpoint"),
            pgtrigger.Trigger(
                name="checkpoint_grows",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.size <= (SELECT COALESCE(MAX(size), 0) FROM {meta.db_table})
                       OR NEW.size > (SELECT COALESCE(MAX(sequence) + 1, 0) FROM audit_leaf)
                    THEN
                        RAISE EXCEPTION 'only grows: a checkpoint of % events is refused', NEW.size
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """How many events it covers."""
        return f"{self.size} events"


class TimeStamp(IdModel):
    """An RFC 3161 time-stamp of a checkpoint's note: it was there by then."""

    checkpoint = models.OneToOneField(
        Checkpoint, on_delete=models.PROTECT, related_name="time_stamp"
    )
    token = models.BinaryField()  # DER of the TimeStampResp, over the SHA-256 of the note
    stamped_at = models.DateTimeField()  # as the authority says

    class Meta:
        """Kept as it came."""

        triggers: ClassVar = append_only("time_stamp")

    def __str__(self) -> str:
        """What was stamped, and when."""
        return f"{self.checkpoint_id} at {self.stamped_at}"


class Cosignature(IdModel):
    """A witness's word that a checkpoint continues the last one it saw."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.CharField(max_length=255)  # its key's name
    line = models.TextField()  # the signature line of the note, with its newline
    witnessed_at = models.DateTimeField()  # as the witness says

    class Meta:
        """One a witness and checkpoint."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness"], name="witness_cosigns_a_checkpoint_once"
            )
        ]
        triggers: ClassVar = append_only("cosignature")

    def __str__(self) -> str:
        """Who, and what."""
        return f"{self.witness}: {self.checkpoint_id}"


class Voucher(models.Model):
    """How it stands with a time-stamp authority or a witness; the one table here that changes."""

    name = models.CharField(primary_key=True, max_length=255)  # "tsa", or a witness's key name
    size = models.BigIntegerField(default=0)  # of the last checkpoint it vouched for
    vouched_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class SelfCheck(IdModel):
    """What a look at the log and its walls found; the newest decides whether events get numbers."""

    made_at = models.DateTimeField()
    findings = models.JSONField(default=list)  # sentences; empty if all is well

    class Meta:
        """Found by time."""

        indexes: ClassVar = [models.Index(fields=["made_at"])]
        triggers: ClassVar = append_only("self_check")

    def __str__(self) -> str:
        """When, and how it came out."""
        return f"{self.made_at}: {len(self.findings)} findings"

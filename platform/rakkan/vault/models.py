"""One wrapped data key a subject; a destroyed one leaves its row and nothing to open with."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

WRAPPED_BYTES = 80  # a 64-byte key and the 16 bytes that AES-SIV adds


class SubjectKey(models.Model):
    """The data key of a person (or an account), wrapped by a key that the database never sees."""

    subject_id = models.UUIDField(primary_key=True, editable=False)
    wrapped = models.BinaryField(max_length=WRAPPED_BYTES, null=True)
    wrapped_by = models.CharField(max_length=16)  # which key-encryption key, as key_id tells it
    made_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        """A key is there or destroyed; a destroyed one never comes back."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=True, destroyed_at__isnull=False)
                | Q(wrapped__isnull=False, destroyed_at__isnull=True),
                name="subject_key_there_or_destroyed",
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="subject_key_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="subject_key_stays_destroyed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=pgtrigger.Func(
                    """
                    IF OLD.destroyed_at IS NOT NULL
                        OR NEW.subject_id IS DISTINCT FROM OLD.subject_id
                        OR NEW.made_at IS DISTINCT FROM OLD.made_at
                    THEN
                        RAISE EXCEPTION 'a destroyed key stays destroyed, a subject keeps its key'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Subject."""
        return str(self.subject_id)

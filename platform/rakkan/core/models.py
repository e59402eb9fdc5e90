"""What tables are made of: random ids, so that numbers tell nothing, and lists of words."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


def words(*, blank: bool = False) -> ArrayField[list[str], list[str]]:
    """Return a column that holds a list of short words of some vocabulary."""
    return ArrayField(models.CharField(max_length=40), default=list, blank=blank)


class IdModel(models.Model):
    """A row named by a random UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True

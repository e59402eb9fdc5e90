"""The base of every table: a random id, so that numbers tell nothing."""

import uuid

from django.db import models


class IdModel(models.Model):
    """A row named by a random UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True

"""What tables are made of: random ids, so that numbers tell nothing, and lists of words."""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models


def words(*, blank: bool = False) -> ArrayField[list[str], list[str]]:
    """Return a column that holds a list of short words of some vocabulary."""
    return ArrayField(models.CharField(max_length=40), default=list, blank=blank)


def starts_as(state: str, *, name: str) -> pgtrigger.Trigger:
    """Return the trigger that lets rows be born in one state only; others must be walked to."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__state__df=state),
        func=pgtrigger.Func(
            f"RAISE EXCEPTION 'a new row starts as {state}' USING ERRCODE = 'check_violation';"
        ),
    )


class IdModel(models.Model):
    """A row named by a random UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True

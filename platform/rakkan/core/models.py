"""What tables are made of: random ids, so that numbers tell nothing, and lists of words."""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models


def words(*, blank: bool = False) -> ArrayField[list[str], list[str]]:
    """Return a column that holds a list of short words of some vocabulary."""
    return ArrayField(models.CharField(max_length=40), default=list, blank=blank)


def refuse() -> pgtrigger.Func:
    """Return the body of a trigger that lets nothing happen to a table that only grows."""
    return pgtrigger.Func(
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
            func=refuse(),
        ),
        pgtrigger.Trigger(
            name=f"{subject}_no_truncate",
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            level=pgtrigger.Statement,
            func=refuse(),
        ),
    ]


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


def refuses_previews(
    name: str, *, files: tuple[str, ...] = (), asset: str = ""
) -> pgtrigger.Trigger:
    """Return the trigger that refuses a row which names a preview's file or asset id.

    Args:
        name: of the trigger.
        files: the columns that hold digests of files.
        asset: the column that holds an asset id, if there is one.
    """
    taken = "EXISTS (SELECT 1 FROM {} p WHERE p.{} = NEW.{})"
    named = [taken.format("previews_previewupload", "file_sha256", column) for column in files]
    if asset:
        named.append(taken.format("previews_preview", "asset_id", asset))
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=pgtrigger.Func(
            f"""
            IF {" OR ".join(named)} THEN
                RAISE EXCEPTION 'a preview is never released' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
            """
        ),
    )


class IdModel(models.Model):
    """A row named by a random UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True

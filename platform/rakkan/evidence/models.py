"""Evidence packs: who asked for one, its file, its end: one row each, never changed."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through


def _needs(name: str, condition: str, why: str) -> pgtrigger.Trigger:
    """Return the trigger that refuses a new row unless ``condition`` finds something."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=pgtrigger.Func(
            f"""
            IF NOT EXISTS ({condition}) THEN
                RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
            """
        ),
    )


_NOT_ENDED = """
    SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM evidence_packend e WHERE e.pack_id = NEW.pack_id)
"""


class Pack(IdModel):
    """Somebody asked for the evidence pack of a released production."""

    production = models.ForeignKey(
        "productions.Production", on_delete=models.PROTECT, related_name="packs"
    )
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField(max_length=2)  # of the summary
    with_video = models.BooleanField()
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """Of what was released, by its own organisation, for a term."""

        ordering: ClassVar = ["-requested_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("requested_at")), name="pack_has_a_term"
            ),
            models.CheckConstraint(
                condition=Q(language__in=["en", "ja"]), name="pack_known_language"
            ),
        ]
        triggers: ClassVar = [
            *append_only("pack"),
            _needs(
                "pack_of_a_release",
                """
                SELECT 1 FROM releases_release r
                JOIN productions_production p ON p.id = r.subject_id
                WHERE p.id = NEW.production_id AND p.organisation_id = NEW.organisation_id
                """,
                "a pack is of a released production",
            ),
        ]

    def __str__(self) -> str:
        """Production and language."""
        return f"{self.production_id}: {self.language}"


class PackFile(IdModel):
    """A file is about to be stored: written first, so that none is forgotten."""

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="files")
    file_sha256 = models.CharField(max_length=64, unique=True)
    announced_at = models.DateTimeField()

    tenant: ClassVar = Through("pack")

    class Meta:
        """Not of one that has ended."""

        triggers: ClassVar = [
            *append_only("pack_file"),
            _needs("pack_file_before_its_end", _NOT_ENDED, "the pack has ended"),
        ]

    def __str__(self) -> str:
        """Digest."""
        return self.file_sha256


class PackReady(IdModel):
    """The file was checked as an auditor would, and is there."""

    pack = models.OneToOneField(Pack, on_delete=models.PROTECT, related_name="ready")
    file = models.OneToOneField(PackFile, on_delete=models.PROTECT, related_name="+")
    size = models.PositiveBigIntegerField()  # bytes
    tree_size = models.PositiveBigIntegerField()  # of the checkpoint it is proven by
    ready_at = models.DateTimeField()

    tenant: ClassVar = Through("pack")

    class Meta:
        """With a file of its own; not of one that has ended."""

        triggers: ClassVar = [
            *append_only("pack_ready"),
            _needs("pack_ready_before_its_end", _NOT_ENDED, "the pack has ended"),
            _needs(
                "pack_ready_with_its_own_file",
                "SELECT 1 FROM evidence_packfile f"
                " WHERE f.id = NEW.file_id AND f.pack_id = NEW.pack_id",
                "the file is of another pack",
            ),
        ]

    def __str__(self) -> str:
        """Pack."""
        return str(self.pack_id)


class PackEnd(IdModel):
    """Its files are gone, or there will be none; and why."""

    pack = models.OneToOneField(Pack, on_delete=models.PROTECT, related_name="end")
    reason = models.CharField(max_length=80)
    ended_at = models.DateTimeField()

    tenant: ClassVar = Through("pack")

    class Meta:
        """An end is not undone."""

        triggers: ClassVar = append_only("pack_end")

    def __str__(self) -> str:
        """Pack and reason."""
        return f"{self.pack_id}: {self.reason}"

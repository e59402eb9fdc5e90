"""Previews, their files, who looked at them, their end: one row each, never changed.

``subject_id`` is the production; this app does not know what that is, but the triggers do.
"""

import secrets
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rakkan.audit.models import append_only
from rakkan.consents.walls import consents_hold
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through
from rakkan.vault.fields import SealedJSON


def _may_be_seen(moment: str) -> str:
    """Return the SQL that finds an open preview of what waits under consents live at ``moment``.

    The consents' rows are not locked here: the services do that.
    """
    return f"""
        SELECT 1 FROM previews_preview v
        JOIN productions_production p ON p.id = v.subject_id
        WHERE v.id = NEW.preview_id AND p.state = 'in_approval' AND {moment} < v.expires_at
          AND {consents_hold("p", moment)}
          AND NOT EXISTS (SELECT 1 FROM previews_previewend e WHERE e.preview_id = v.id)
    """  # noqa: S608  a column of ours, nothing of anybody else's


_WAS_READ = """
    AND EXISTS (
        SELECT 1 FROM previews_previewfile f JOIN previews_previewreading r ON r.file_id = f.id
        WHERE f.preview_id = v.id
    )
"""


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


def new_asset_id() -> str:
    """Return 64 random bits as 16 hexadecimal digits: no production ever bears them."""
    return secrets.token_hex(8)


class Preview(IdModel):
    """Somebody asked for a preview of a production that waits for approval."""

    subject_id = models.UUIDField(db_index=True)
    subject_digest = models.CharField(max_length=64)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    consent = models.ForeignKey("consents.Consent", on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asset_id = models.CharField(max_length=16, unique=True, default=new_asset_id)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """Of a production in approval, under its live consent, with an asset id of its own."""

        ordering: ClassVar = ["requested_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("requested_at")), name="preview_has_a_term"
            )
        ]
        triggers: ClassVar = [
            *append_only("preview"),
            _needs(
                "preview_fits_production",
                f"""
                SELECT 1 FROM productions_production p
                WHERE p.id = NEW.subject_id AND p.state = 'in_approval'
                  AND p.request_digest = NEW.subject_digest
                  AND p.organisation_id = NEW.organisation_id
                  AND p.consent_id = NEW.consent_id
                  AND {consents_hold("p", "NEW.requested_at")}
                  AND NOT EXISTS (
                      SELECT 1 FROM productions_production o WHERE o.asset_id = NEW.asset_id
                  )
                  AND NOT EXISTS (
                      SELECT 1 FROM previews_preview v WHERE v.subject_id = p.id AND NOT EXISTS (
                          SELECT 1 FROM previews_previewend e WHERE e.preview_id = v.id
                      )
                  )
                FOR UPDATE OF p
                """,  # noqa: S608  a column of ours
                "a preview is of a request in approval, under its live consent, one at a time",
            ),
        ]

    def __str__(self) -> str:
        """Production and asset."""
        return f"{self.subject_id}: {self.asset_id}"


class PreviewUpload(IdModel):
    """A worker is about to store these bytes: written first, so that no file is forgotten."""

    preview = models.ForeignKey(Preview, on_delete=models.PROTECT, related_name="uploads")
    file_sha256 = models.CharField(max_length=64, unique=True)
    announced_at = models.DateTimeField()

    tenant: ClassVar = Through("preview")

    class Meta:
        """The bytes of one preview, of no other file; from then on nothing else may name them."""

        triggers: ClassVar = [
            *append_only("preview_upload"),
            _needs(
                "preview_upload_is_no_release",
                """
                SELECT 1 WHERE NOT EXISTS (
                    SELECT 1 FROM productions_rendering r WHERE r.file_sha256 = NEW.file_sha256
                ) AND NOT EXISTS (
                    SELECT 1 FROM releases_sealing s
                    WHERE NEW.file_sha256 IN (s.source_sha256, s.file_sha256)
                ) AND NOT EXISTS (
                    SELECT 1 FROM releases_release r WHERE r.file_sha256 = NEW.file_sha256
                ) AND NOT EXISTS (
                    SELECT 1 FROM previews_previewend e WHERE e.preview_id = NEW.preview_id
                )
                """,
                "the file is on its way to a release, or the preview is over",
            ),
        ]

    def __str__(self) -> str:
        """Digest."""
        return self.file_sha256


class PreviewFile(IdModel):
    """The accepted result of a preview job."""

    preview = models.OneToOneField(Preview, on_delete=models.PROTECT, related_name="file")
    permit_id = models.UUIDField(unique=True)
    file_sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()  # bytes
    result = SealedJSON(subject="preview.consent.likeness.person_id", default=dict)
    received_at = models.DateTimeField()

    tenant: ClassVar = Through("preview")

    class Meta:
        """No permit, no preview: a used, unrevoked preview permit, and live consent."""

        triggers: ClassVar = [
            *append_only("preview_file"),
            _needs(
                "preview_file_needs_permit",
                """
                SELECT 1 FROM dispatch_issuedpermit p
                JOIN dispatch_job j ON j.id = p.job_id
                JOIN dispatch_permituse u ON u.permit_id = p.id
                JOIN previews_preview v ON v.id = j.subject_id
                JOIN previews_previewupload f ON f.preview_id = v.id
                WHERE p.id = NEW.permit_id AND j.kind = 'preview' AND v.id = NEW.preview_id
                  AND j.asset_id = v.asset_id AND f.file_sha256 = NEW.file_sha256
                  AND NOT EXISTS (
                      SELECT 1 FROM dispatch_permitrevocation r WHERE r.permit_id = p.id
                  )
                """,
                "no permit, no preview",
            ),
            _needs(
                "preview_file_needs_consent",
                _may_be_seen("NEW.received_at"),
                "no live consent, no preview",
            ),
        ]

    def __str__(self) -> str:
        """Preview and file."""
        return f"{self.preview_id}: {self.file_sha256}"


class PreviewReading(IdModel):
    """The invisible mark of a preview's file was read back, by a process that holds the key."""

    file = models.OneToOneField(PreviewFile, on_delete=models.PROTECT, related_name="reading")
    asset_id = models.CharField(max_length=16)  # what the pixels say
    frames = models.PositiveIntegerField()
    asset_frames = models.PositiveIntegerField()  # those that say it
    read_at = models.DateTimeField()

    tenant: ClassVar = Through("file")

    class Meta:
        """They say the preview's own id, in nearly every frame, before its end."""

        triggers: ClassVar = [
            *append_only("preview_reading"),
            _needs(
                "preview_reading_names_it",
                """
                SELECT 1 FROM previews_previewfile f
                JOIN previews_preview v ON v.id = f.preview_id
                WHERE f.id = NEW.file_id AND v.asset_id = NEW.asset_id
                  AND NEW.frames > 0 AND NEW.asset_frames BETWEEN 0.9 * NEW.frames AND NEW.frames
                  AND NOT EXISTS (
                      SELECT 1 FROM previews_previewend e WHERE e.preview_id = v.id
                  )
                """,
                "the file does not carry the mark of its preview, or the preview is over",
            ),
        ]

    def __str__(self) -> str:
        """File and asset."""
        return f"{self.file_id}: {self.asset_id}"


class PreviewViewing(IdModel):
    """Somebody was shown a preview."""

    preview = models.ForeignKey(Preview, on_delete=models.PROTECT, related_name="viewings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    viewed_at = models.DateTimeField()

    tenant: ClassVar = Through("preview")

    class Meta:
        """Only while it waits for approval under a live consent."""

        triggers: ClassVar = [
            *append_only("preview_viewing"),
            _needs(
                "preview_viewing_needs_consent",
                _may_be_seen("NEW.viewed_at") + _WAS_READ,
                "no live consent, no viewing; nor of what was not read back",
            ),
        ]

    def __str__(self) -> str:
        """Preview and moment."""
        return f"{self.preview_id} at {self.viewed_at:%Y-%m-%d %H:%M}"


class PreviewEnd(IdModel):
    """From here on a preview is neither drawn nor shown."""

    preview = models.OneToOneField(Preview, on_delete=models.PROTECT, related_name="end")
    reason = models.CharField(max_length=80)
    ended_at = models.DateTimeField()

    tenant: ClassVar = Through("preview")

    class Meta:
        """An end is not undone."""

        triggers: ClassVar = append_only("preview_end")

    def __str__(self) -> str:
        """Preview and reason."""
        return f"{self.preview_id}: {self.reason}"


class PreviewDestruction(IdModel):
    """Nothing of an ended preview is in the storage any more."""

    preview = models.OneToOneField(Preview, on_delete=models.PROTECT, related_name="destruction")
    destroyed_at = models.DateTimeField()

    tenant: ClassVar = Through("preview")

    class Meta:
        """After its end."""

        triggers: ClassVar = [
            *append_only("preview_destruction"),
            _needs(
                "preview_destruction_after_end",
                "SELECT 1 FROM previews_previewend e WHERE e.preview_id = NEW.preview_id",
                "a preview is destroyed after its end",
            ),
        ]

    def __str__(self) -> str:
        """Preview and moment."""
        return f"{self.preview_id} at {self.destroyed_at:%Y-%m-%d %H:%M}"

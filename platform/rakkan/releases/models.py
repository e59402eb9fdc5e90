"""Sealed files, gate reports, releases, deliveries, revocations: one row each, never changed.

``subject_id`` is the production; this app does not know what that is.
"""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.fingerprint import VIEWS, Kind
from rakkan.audit.models import append_only
from rakkan.consents.walls import consents_hold
from rakkan.core.models import IdModel, refuses_previews
from rakkan.core.tenancy import Own, Through
from rakkan.releases.walls import (
    PASSED_REPORT_FITS,
    RELEASE_FITS,
    RELEASE_IS_FOUND_AGAIN,
    SEALING_FITS,
    taken_with_its_release,
)


def _fits(name: str, asks: str, condition: pgtrigger.Condition | None = None) -> pgtrigger.Trigger:
    """Return the trigger that looks at the rows which a new one stands on."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=condition,
        func=pgtrigger.Func(asks),
    )


class Sealing(IdModel):
    """The signed file of a production."""

    subject_id = models.UUIDField(unique=True)
    asset_id = models.CharField(max_length=16, unique=True)
    source_sha256 = models.CharField(max_length=64)  # the rendered file it was made from
    file_sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes
    watermark = models.JSONField()  # what the detector measured before signing
    sealed_at = models.DateTimeField()

    tenant: ClassVar = Through("subject_id", "productions.Production")

    class Meta:
        """A file is sealed once, of the rendering that its permit was used for."""

        triggers: ClassVar = [
            *append_only("sealing"),
            refuses_previews(
                "sealing_is_no_preview", files=("source_sha256", "file_sha256"), asset="asset_id"
            ),
            _fits("sealing_needs_rendering", SEALING_FITS),
        ]

    def __str__(self) -> str:
        """Asset."""
        return self.asset_id


class Removal(IdModel):
    """The files of a sealing are gone: it was refused before it was released."""

    sealing = models.OneToOneField(Sealing, on_delete=models.PROTECT, related_name="removal")
    removed_at = models.DateTimeField()

    tenant: ClassVar = Through("sealing")

    class Meta:
        """Never of something that was released, nor while a legal hold keeps it."""

        triggers: ClassVar = [
            *append_only("removal"),
            pgtrigger.Trigger(
                name="removal_of_what_was_not_released",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM releases_sealing s
                        JOIN releases_release r ON r.subject_id = s.subject_id
                        WHERE s.id = NEW.sealing_id
                    ) THEN
                        RAISE EXCEPTION 'the file of a release is not removed'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM releases_sealing s
                        JOIN approvals_workflow w ON w.subject_id = s.subject_id
                        JOIN lifecycle_legalhold h ON h.person_id IN (w.person_id, w.speaking_id)
                        WHERE s.id = NEW.sealing_id AND now() < h.valid_until
                          AND NOT EXISTS (
                              SELECT 1 FROM lifecycle_legalholdend e WHERE e.hold_id = h.id
                          )
                    ) THEN
                        RAISE EXCEPTION 'what a legal hold keeps is not removed'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Asset."""
        return str(self.sealing_id)


class GateReport(IdModel):
    """What the gate found when it re-opened the finished file."""

    subject_id = models.UUIDField()
    file_sha256 = models.CharField(max_length=64)
    passed = models.BooleanField()
    checks = models.JSONField()
    checked_at = models.DateTimeField()

    tenant: ClassVar = Through("subject_id", "productions.Production")

    class Meta:
        """A report is not edited; another look is another report."""

        triggers: ClassVar = [
            *append_only("gate_report"),
            refuses_previews("gate_report_is_no_preview", files=("file_sha256",)),
            _fits("gate_report_needs_sealing", PASSED_REPORT_FITS, pgtrigger.Q(new__passed=True)),
        ]

    def __str__(self) -> str:
        """Outcome."""
        return f"{self.subject_id}: {'passed' if self.passed else 'failed'}"


def _needs_review() -> pgtrigger.Trigger:
    """Return the trigger that asks whether as many people watched this file as the rules want."""
    return pgtrigger.Trigger(
        name="release_needs_review",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=pgtrigger.Func(
            """
            IF EXISTS (
                SELECT 1 FROM approvals_workflow w WHERE w.subject_id = NEW.subject_id AND (
                    w.reviewers > (
                        SELECT COUNT(*) FROM approvals_review r WHERE r.workflow_id = w.id
                          AND r.accepted AND r.file_sha256 = NEW.file_sha256
                    ) OR EXISTS (
                        SELECT 1 FROM approvals_review r
                        WHERE r.workflow_id = w.id AND NOT r.accepted
                    )
                )
            ) THEN
                RAISE EXCEPTION 'no release before the people who have to have watched it'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
            """
        ),
    )


class Release(IdModel):
    """A file that may leave the system."""

    subject_id = models.UUIDField(unique=True)
    asset_id = models.CharField(max_length=16, unique=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    gate = models.OneToOneField(GateReport, on_delete=models.PROTECT, related_name="release")
    file_sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes
    released_at = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """No release without a passed gate on these very bytes and a used render permit."""

        triggers: ClassVar = [
            *append_only("release"),
            refuses_previews("release_is_no_preview", files=("file_sha256",), asset="asset_id"),
            _needs_review(),
            pgtrigger.Trigger(
                name="release_needs_gate_and_permit",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM releases_gatereport g
                        WHERE g.id = NEW.gate_id AND g.passed
                          AND g.subject_id = NEW.subject_id AND g.file_sha256 = NEW.file_sha256
                    ) THEN
                        RAISE EXCEPTION 'no mark, no release: the gate has not passed this file'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF NOT EXISTS (
                        SELECT 1 FROM dispatch_permituse u
                        JOIN dispatch_issuedpermit p ON p.id = u.permit_id
                        JOIN dispatch_job j ON j.id = p.job_id
                        WHERE j.subject_id = NEW.subject_id AND j.kind = 'render'
                          AND j.asset_id = NEW.asset_id
                    ) THEN
                        RAISE EXCEPTION 'no permit, no render: no used permit for this release'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.Trigger(
                name="release_needs_consents",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    f"""
                    IF NOT EXISTS (
                        SELECT 1 FROM productions_production p
                        WHERE p.id = NEW.subject_id AND {consents_hold("p", "NEW.released_at")}
                    ) THEN
                        RAISE EXCEPTION 'no live consents, no release'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """  # noqa: S608  text of ours
                ),
            ),
            _fits("release_needs_sealing", RELEASE_FITS),
            pgtrigger.Trigger(
                name="release_needs_fingerprint",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,  # the fingerprint names the release: it comes after it
                func=pgtrigger.Func(RELEASE_IS_FOUND_AGAIN),
            ),
        ]

    def __str__(self) -> str:
        """Asset."""
        return self.asset_id


class Delivery(IdModel):
    """Somebody was given the file."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    delivered_at = models.DateTimeField()

    tenant: ClassVar = Through("release")

    class Meta:
        """A delivery cannot be undone."""

        triggers: ClassVar = append_only("delivery")

    def __str__(self) -> str:
        """Release and time."""
        return f"{self.release_id} at {self.delivered_at:%Y-%m-%d %H:%M}"


class Revocation(IdModel):
    """The end of a release: nothing is delivered any more, and whoever asks is told."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="revocation")
    reason = models.CharField(max_length=80)
    revoked_at = models.DateTimeField()

    tenant: ClassVar = Through("release")

    class Meta:
        """A revocation is not undone."""

        triggers: ClassVar = append_only("revocation")

    def __str__(self) -> str:
        """Release and reason."""
        return f"{self.release_id}: {self.reason}"


class Fingerprint(IdModel):
    """What a release is known by when neither its bytes nor its marks are left (0080)."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="fingerprint")
    iscc = models.CharField(max_length=80)  # ISCC-CODE (ISO 24138) of the file before it was signed
    iscc_units = ArrayField(models.CharField(max_length=80), size=4)  # its units, of 256 bits each
    manifest_id = models.CharField(max_length=120, unique=True)  # C2PA's name of the manifest
    manifest_sha256 = models.CharField(max_length=64)  # the manifest store, a file of its own
    print_sha256 = models.CharField(max_length=64)  # small pictures, ten a second
    frames = models.PositiveIntegerField()
    seconds = models.FloatField()
    taken_at = models.DateTimeField()

    tenant: ClassVar = Through("release")

    class Meta:
        """Taken once, of a file that was released."""

        triggers: ClassVar = [
            *append_only("fingerprint"),
            _fits("fingerprint_of_release", taken_with_its_release("a fingerprint", late=True)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(frames__gt=0, seconds__gt=0), name="fingerprint_of_something"
            )
        ]

    def __str__(self) -> str:
        """Its ISCC."""
        return self.iscc


class CopyReference(IdModel):
    """Small pictures that copies of a release are laid over, to ask them for its mark (0079)."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="reference")
    file_sha256 = models.CharField(max_length=64)  # as compliance.watermark.reference writes it
    taken_at = models.DateTimeField()

    tenant: ClassVar = Through("release")

    class Meta:
        """Taken once, of a file that was released."""

        triggers: ClassVar = [
            *append_only("reference"),
            _fits("reference_of_release", taken_with_its_release("a reference", late=True)),
        ]

    def __str__(self) -> str:
        """Its digest."""
        return self.file_sha256


class Captions(IdModel):
    """The captions of a release, a file beside its video: WebVTT."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="captions")
    file_sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()  # bytes
    language = models.CharField(max_length=10)  # BCP 47
    taken_at = models.DateTimeField()

    tenant: ClassVar = Through("release")

    class Meta:
        """Kept once, with what was released."""

        triggers: ClassVar = [
            *append_only("captions"),
            _fits("captions_of_release", taken_with_its_release("a file of captions")),
        ]

    def __str__(self) -> str:
        """Its digest."""
        return self.file_sha256


def _band(number: int) -> models.GeneratedField:
    """Return a column with 16 of the 64 bits: what differs little has one of four in common."""
    shifted = models.F("bits").bitrightshift(48 - 16 * number)
    return models.GeneratedField(
        expression=shifted.bitand(0xFFFF),
        output_field=models.IntegerField(),
        db_persist=True,
    )


class PrintHash(models.Model):
    """64 bits of a release's pictures, or of its ISCC: millions of rows, found by their bands."""

    id = models.BigAutoField(primary_key=True)
    fingerprint = models.ForeignKey(
        Fingerprint, on_delete=models.PROTECT, related_name="hashes", db_index=False
    )
    kind = models.PositiveSmallIntegerField()  # compliance.fingerprint.Kind
    view = models.PositiveSmallIntegerField()  # which part of the picture
    at_ms = models.PositiveIntegerField()  # milliseconds from the beginning
    bits = models.BigIntegerField()  # the 64 bits as a signed number
    band0 = _band(0)
    band1 = _band(1)
    band2 = _band(2)
    band3 = _band(3)

    tenant: ClassVar = Through("fingerprint")

    class Meta:
        """Four bands of 16 bits, each with an index (multi-index hashing, Norouzi et al. 2012)."""

        triggers: ClassVar = append_only("print_hash")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in Kind])
                & models.Q(view__lt=len(VIEWS)),
                name="print_hash_of_a_kind",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=[f"band{number}", "kind"], name=f"print_hash_band{number}")
            for number in range(4)
        ]

    def __str__(self) -> str:
        """Kind and place."""
        return f"{self.kind} at {self.at_ms} ms"

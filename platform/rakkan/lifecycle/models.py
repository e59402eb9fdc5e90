"""Holds, erasures and disposals: rows that are only added, so that what was done stays known."""

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through
from rakkan.vault.fields import SealedText


class LegalHold(IdModel):
    """Nothing of a person is erased or disposed of until then, and why."""

    tenant: ClassVar = Own()

    person = models.ForeignKey("likenesses.Person", on_delete=models.PROTECT)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    reason = SealedText(subject="person_id", max_length=500)
    told = models.BooleanField()  # whether the law lets the person know of it
    set_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        """It has an end from the start; an earlier one is a row of its own."""

        ordering: ClassVar = ["-set_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(set_at__lt=models.F("valid_until")), name="hold_has_a_term"
            )
        ]
        triggers: ClassVar = append_only("legal_hold")

    def __str__(self) -> str:
        """Person and term."""
        return f"{self.person_id} until {self.valid_until:%Y-%m-%d}"


class LegalHoldEnd(IdModel):
    """A hold that ended before its time."""

    tenant: ClassVar = Through("hold")

    hold = models.OneToOneField(LegalHold, on_delete=models.PROTECT, related_name="end")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    ended_at = models.DateTimeField()

    class Meta:
        """It stays ended; another hold can be set."""

        triggers: ClassVar = append_only("legal_hold_end")

    def __str__(self) -> str:
        """Hold."""
        return str(self.hold_id)


class Step(StrEnum):
    """What an erasure does, in this order; each is a transaction or several, and then a row."""

    CONSENTS = "consents"
    WORK = "work"
    ACCOUNT = "account"
    FILES = "files"
    KEYS = "keys"


class Erasure(IdModel):
    """A person asked that what is personal about them goes."""

    tenant: ClassVar = Own()

    person = models.OneToOneField(
        "likenesses.Person", on_delete=models.PROTECT, related_name="erasure"
    )
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    asked_at = models.DateTimeField()
    certificate_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the link's secret

    class Meta:
        """Asked once; what was asked is carried out."""

        triggers: ClassVar = append_only("erasure")

    def __str__(self) -> str:
        """Person."""
        return str(self.person_id)


class ErasureStep(IdModel):
    """One step of an erasure that is done, and how much there was to do."""

    tenant: ClassVar = Through("erasure")

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Step])
    count = models.PositiveIntegerField()
    kept = models.PositiveIntegerField(default=0)  # files that belong to somebody else too
    done_at = models.DateTimeField()

    class Meta:
        """Done once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["erasure", "name"], name="erasure_step_once"),
            models.CheckConstraint(
                condition=models.Q(name__in=[s.value for s in Step]), name="erasure_known_step"
            ),
        ]
        triggers: ClassVar = append_only("erasure_step")

    def __str__(self) -> str:
        """Erasure and step."""
        return f"{self.erasure_id}: {self.name}"


class Kind(StrEnum):
    """What there is a retention period for."""

    DRAFT = "draft"  # never submitted, counted from its last change
    INPUT = "input"  # voice track of a production that ended unreleased, from its end
    RENDERING = "rendering"  # files in quarantine of a production that has ended, from its end
    EVIDENCE = "evidence"  # of an identity check, from the end of the decision's term
    RELEASE = "release"  # the file of a revoked release, from the revocation


class RetentionPeriod(IdModel):
    """How long an organisation keeps a kind of thing; the newest row counts."""

    tenant: ClassVar = Own()

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in Kind])
    days = models.PositiveSmallIntegerField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    set_at = models.DateTimeField()

    class Meta:
        """What was promised when stays known."""

        ordering: ClassVar = ["-set_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[k.value for k in Kind]), name="retention_known_kind"
            )
        ]
        triggers: ClassVar = append_only("retention_period")

    def __str__(self) -> str:
        """Kind and days."""
        return f"{self.kind}: {self.days}"


class Disposal(IdModel):
    """Something was disposed of because its period was over."""

    tenant: ClassVar = Own()

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in Kind])
    object_id = models.UUIDField()
    due_at = models.DateTimeField()
    disposed_at = models.DateTimeField()

    class Meta:
        """Once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="disposal_once")
        ]
        triggers: ClassVar = append_only("disposal")

    def __str__(self) -> str:
        """Kind and object."""
        return f"{self.kind} {self.object_id}"

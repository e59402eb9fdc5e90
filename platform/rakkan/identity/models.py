"""A check of who a person is, and a reviewer's decision about it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Through
from rakkan.vault.fields import SealedText


class IdentityCheck(IdModel):
    """Evidence a person hands in to show who they are."""

    person = models.ForeignKey(
        "likenesses.Person", on_delete=models.PROTECT, related_name="identity_checks"
    )
    method = models.CharField(max_length=40)  # "reviewed-evidence"
    evidence_sha256 = models.CharField(max_length=64)
    evidence_media_type = models.CharField(max_length=40)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    submitted_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Through("person")

    class Meta:
        """Evidence is not exchanged after it was handed in."""

        ordering: ClassVar = ["-submitted_at"]
        triggers: ClassVar = append_only("identity_check")

    def __str__(self) -> str:
        """Method and person."""
        return f"{self.method} of {self.person_id}"


class IdentityDecision(IdModel):
    """A reviewer's word on a check; the reviewer is never the person."""

    check_made = models.OneToOneField(
        IdentityCheck, on_delete=models.PROTECT, related_name="decision"
    )
    submitted_by = models.ForeignKey(  # copied so that the constraint below can see it
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    verified = models.BooleanField()
    note = SealedText(subject="check_made.person_id", max_length=500, blank=True)
    decided_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    tenant: ClassVar = Through("check_made")

    class Meta:
        """Four eyes, and no second thoughts without a new check."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(reviewer=models.F("submitted_by")),
                name="identity_reviewer_is_not_the_person",
            )
        ]
        triggers: ClassVar = append_only("identity_decision")

    def __str__(self) -> str:
        """Outcome."""
        return "verified" if self.verified else "not verified"


class BiometricConsent(IdModel):
    """A person's explicit consent that face and voice are compared to verify who they are."""

    person = models.ForeignKey(
        "likenesses.Person", on_delete=models.PROTECT, related_name="biometric_consents"
    )
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    granted_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    destroy_by = models.DateTimeField()  # no template outlives this moment
    record = models.JSONField()
    record_digest = models.CharField(max_length=64)
    receipt = models.TextField()  # signed by the receipt key; the person keeps a copy

    tenant: ClassVar = Through("person")

    class Meta:
        """It has a term, and what it allowed to make is gone by a date."""

        ordering: ClassVar = ["-granted_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    granted_at__lt=models.F("valid_until"), valid_until__lte=models.F("destroy_by")
                ),
                name="biometric_consent_has_term_and_end",
            )
        ]
        triggers: ClassVar = append_only("biometric_consent")

    def __str__(self) -> str:
        """Person and term."""
        return f"{self.person_id} until {self.valid_until:%Y-%m-%d}"


class BiometricWithdrawal(IdModel):
    """The end of a consent to biometric matching, by the person who gave it."""

    consent = models.OneToOneField(
        BiometricConsent, on_delete=models.PROTECT, related_name="withdrawal"
    )
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    withdrawn_at = models.DateTimeField()

    tenant: ClassVar = Through("consent")

    class Meta:
        """A withdrawal is not undone; a new consent can be given."""

        triggers: ClassVar = append_only("biometric_withdrawal")

    def __str__(self) -> str:
        """Consent and time."""
        return f"{self.consent_id} at {self.withdrawn_at:%Y-%m-%d %H:%M}"

"""Checks of who a person is: evidence or a recording, what was measured, a reviewer's decision."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from compliance.permit import Verdict
from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Through
from rakkan.vault.fields import SealedJSON, SealedText


class IdentityCheck(IdModel):
    """Evidence a person hands in to show who they are."""

    person = models.ForeignKey(
        "likenesses.Person", on_delete=models.PROTECT, related_name="identity_checks"
    )
    method = models.CharField(max_length=40)  # the name of a provider
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
        triggers: ClassVar = [
            *append_only("identity_decision"),
            pgtrigger.Trigger(
                name="identity_decision_measured",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.verified AND EXISTS (
                        SELECT 1 FROM identity_identitycheck c
                        LEFT JOIN identity_remotemeasurement m ON m.check_made_id = c.id
                        WHERE c.id = NEW.check_made_id AND c.method = 'remote-check'
                            AND (m.id IS NULL OR m.verdict = 'unusable')
                    ) THEN
                        RAISE EXCEPTION 'a remote check is verified on a usable measurement only'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.verified AND EXISTS (
                        SELECT 1 FROM identity_identitycheck c
                        LEFT JOIN identity_assuranceanswer a ON a.check_made_id = c.id
                        WHERE c.id = NEW.check_made_id AND c.method = 'verified-claims'
                            AND a.id IS NULL
                    ) THEN
                        RAISE EXCEPTION 'verified claims are what a provider has answered'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

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
        triggers: ClassVar = [
            *append_only("biometric_consent"),
            pgtrigger.Trigger(
                name="biometric_consent_by_the_person",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM likenesses_person p
                        WHERE p.id = NEW.person_id AND p.user_id = NEW.granted_by_id
                            AND p.person_class NOT IN ('minor', 'deceased')
                    ) THEN
                        RAISE EXCEPTION 'biometric matching is consented to by the adult it is of'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

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


class IdentityChallenge(IdModel):
    """What a person was asked to do before their camera, for one minute and one session."""

    person = models.ForeignKey(
        "likenesses.Person", on_delete=models.PROTECT, related_name="identity_challenges"
    )
    likeness = models.ForeignKey("likenesses.Likeness", on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(BiometricConsent, on_delete=models.PROTECT, related_name="+")
    session_digest = models.CharField(max_length=64)
    document = models.JSONField()  # what the worker judges by
    document_sha256 = models.CharField(max_length=64)
    document_size = models.PositiveIntegerField()  # bytes
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Through("person")

    class Meta:
        """A challenge is not changed once somebody has seen it."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(issued_at__lt=models.F("expires_at")),
                name="identity_challenge_expires",
            )
        ]
        triggers: ClassVar = append_only("identity_challenge")

    def __str__(self) -> str:
        """Person and time."""
        return f"{self.person_id} at {self.issued_at:%Y-%m-%d %H:%M}"


class RemoteAttempt(IdModel):
    """The one recording that answered a challenge, sealed in storage until it is destroyed."""

    check_made = models.OneToOneField(
        IdentityCheck, on_delete=models.PROTECT, related_name="attempt"
    )
    challenge = models.OneToOneField(
        IdentityChallenge, on_delete=models.PROTECT, related_name="attempt"
    )
    sealed_sha256 = models.CharField(max_length=64)  # of the sealed bytes, which name the file
    size = models.PositiveIntegerField()  # bytes of the recording itself
    camera = SealedText(subject="check_made.person_id", max_length=200, blank=True)
    prompted = models.JSONField(default=list)  # ms at which the browser says it showed each prompt

    tenant: ClassVar = Through("check_made")

    class Meta:
        """One use, by the person it was made for, in time, while the consent lives."""

        triggers: ClassVar = [
            *append_only("remote_attempt"),
            pgtrigger.Trigger(
                name="remote_attempt_answers_its_challenge",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM identity_identitychallenge h
                        JOIN identity_identitycheck c ON c.id = NEW.check_made_id
                        JOIN identity_biometricconsent b ON b.id = h.consent_id
                        WHERE h.id = NEW.challenge_id AND c.person_id = h.person_id
                            AND c.method = 'remote-check' AND c.submitted_at <= h.expires_at
                            AND c.submitted_at < b.valid_until
                            AND NOT EXISTS (
                                SELECT 1 FROM identity_biometricwithdrawal w
                                WHERE w.consent_id = b.id
                            )
                    ) THEN
                        RAISE EXCEPTION 'the recording answers no open challenge of this person'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Check and challenge."""
        return f"{self.check_made_id} for {self.challenge_id}"


class RemoteMeasurement(IdModel):
    """What a worker measured of a recording. Numbers only: no template of a face is kept."""

    check_made = models.OneToOneField(
        IdentityCheck, on_delete=models.PROTECT, related_name="measurement"
    )
    verdict = models.CharField(max_length=24, choices=[(v.value, v.value) for v in Verdict])
    findings = SealedJSON(subject="check_made.person_id", default=list)
    facts = SealedJSON(subject="check_made.person_id", default=dict)
    measured_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Through("check_made")

    class Meta:
        """A measurement is not corrected; a new check is made."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=[v.value for v in Verdict]),
                name="remote_measurement_known_verdict",
            )
        ]
        triggers: ClassVar = append_only("remote_measurement")

    def __str__(self) -> str:
        """Verdict."""
        return self.verdict


class RecordingDestruction(IdModel):
    """A recording is gone from storage, and why."""

    attempt = models.OneToOneField(
        RemoteAttempt, on_delete=models.PROTECT, related_name="destruction"
    )
    reason = models.CharField(max_length=40)
    destroyed_at = models.DateTimeField()

    tenant: ClassVar = Through("attempt")

    class Meta:
        """What is destroyed stays destroyed."""

        triggers: ClassVar = append_only("recording_destruction")

    def __str__(self) -> str:
        """Reason."""
        return self.reason


class AssuranceRequest(IdModel):
    """A person was sent to an identity provider, for half an hour and one browser session."""

    person = models.ForeignKey(
        "likenesses.Person", on_delete=models.PROTECT, related_name="assurance_requests"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    provider = models.CharField(max_length=50)  # its name in the operator's file
    session_digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Through("person")

    class Meta:
        """What was asked is not changed."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(issued_at__lt=models.F("expires_at")),
                name="assurance_request_expires",
            )
        ]
        triggers: ClassVar = append_only("assurance_request")

    def __str__(self) -> str:
        """Person and provider."""
        return f"{self.person_id} at {self.provider}"


class AssuranceAnswer(IdModel):
    """What the provider vouches for; the name and date of birth sealed under the person's key."""

    check_made = models.OneToOneField(
        IdentityCheck, on_delete=models.PROTECT, related_name="assurance"
    )
    request = models.OneToOneField(
        AssuranceRequest, on_delete=models.PROTECT, related_name="answer"
    )
    issuer = models.CharField(max_length=300)
    framework = models.CharField(max_length=100)
    level = models.CharField(max_length=100, blank=True)  # empty where the framework knows none
    verified_at = models.DateTimeField()  # by the provider
    evidence = models.JSONField(default=list)  # kinds of it, in the words of the standard
    token_sha256 = models.CharField(max_length=64, unique=True)  # the same token counts once
    claims = SealedJSON(subject="check_made.person_id", default=dict)

    tenant: ClassVar = Through("check_made")

    class Meta:
        """One answer to one question, in time, about the person who asked it of themself."""

        triggers: ClassVar = [
            *append_only("assurance_answer"),
            pgtrigger.Trigger(
                name="assurance_answers_its_request",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM identity_assurancerequest r
                        JOIN identity_identitycheck c ON c.id = NEW.check_made_id
                        JOIN likenesses_person p ON p.id = r.person_id
                        WHERE r.id = NEW.request_id AND c.person_id = r.person_id
                            AND c.submitted_by_id = r.asked_by_id AND p.user_id = r.asked_by_id
                            AND c.method = 'verified-claims' AND c.submitted_at <= r.expires_at
                    ) THEN
                        RAISE EXCEPTION 'the provider answers no open question of this person'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Framework and level."""
        return f"{self.framework} {self.level}".strip()

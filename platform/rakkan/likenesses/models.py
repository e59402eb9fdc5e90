"""A person, their portraits and voice samples, and what the gate measured of each."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from compliance.permit import Verdict
from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through
from rakkan.likenesses import triggers
from rakkan.likenesses.classes import OWN_CLASSES, RELATIONS, PersonClass, Relation
from rakkan.vault.fields import SealedJSON, SealedText

VERDICTS = [verdict.value for verdict in Verdict]
FIXED = ("organisation", "user", "person_class", "majority_at")  # another class: a new record
CLASSES = [kind.value for kind in PersonClass]


class Person(IdModel):
    """Somebody who can be depicted: by an account of their own, or by who acts for them."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    user = models.OneToOneField(  # nobody else's; a minor or deceased person has none
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="person",
        null=True,
        blank=True,
    )
    person_class = models.CharField(  # chosen when the record is made; policies ask for it
        max_length=20, choices=[(c, c) for c in CLASSES], default=PersonClass.ADULT.value
    )
    written_name = SealedText(  # of who has no account
        subject="id", max_length=120, null=True, blank=True
    )
    majority_at = models.DateTimeField(null=True, blank=True)  # of a minor
    created_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Own()

    class Meta:
        """A class outside the list would match no rule, and so escape every forbidden use."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(person_class__in=CLASSES), name="person_known_class"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    person_class__in=[kind.value for kind in OWN_CLASSES], user__isnull=False
                )
                | models.Q(
                    person_class__in=[kind.value for kind in RELATIONS],
                    user=None,
                    written_name__isnull=False,
                ),
                name="person_acts_or_is_acted_for",
            ),
            models.CheckConstraint(
                condition=models.Q(person_class=PersonClass.MINOR.value, majority_at__isnull=False)
                | ~models.Q(person_class=PersonClass.MINOR.value) & models.Q(majority_at=None),
                name="person_minor_comes_of_age",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="person_class_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*FIXED),
            )
        ]

    def __str__(self) -> str:
        """Return the person's name."""
        return self.name

    @property
    def name(self) -> str:
        """The name of their account, or the one that was written down for them."""
        return self.user.name if self.user else str(self.written_name or "")


class Guardianship(IdModel):
    """Somebody says that they act for a minor or deceased person, and hands in evidence."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="guardianships")
    guardian = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="guardianships"
    )
    relation = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Relation])
    evidence_sha256 = models.CharField(max_length=64)
    evidence_media_type = models.CharField(max_length=40)
    submitted_at = models.DateTimeField()

    tenant: ClassVar = Through("person")

    class Meta:
        """The relation fits the person's class, and both are of one organisation."""

        ordering: ClassVar = ["-submitted_at"]
        triggers: ClassVar = [
            *append_only("guardianship"),
            pgtrigger.Trigger(
                name="guardianship_fits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.GUARDIANSHIP_FITS),
            ),
        ]

    def __str__(self) -> str:
        """Guardian and person."""
        return f"{self.guardian_id} for {self.person_id}"


class GuardianshipDecision(IdModel):
    """A reviewer's word on the evidence, for a term that ends at majority at the latest."""

    guardianship = models.OneToOneField(
        Guardianship, on_delete=models.PROTECT, related_name="decision"
    )
    guardian = models.ForeignKey(  # copied so that the constraint below can see it
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    verified = models.BooleanField()
    decided_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    tenant: ClassVar = Through("guardianship")

    class Meta:
        """Four eyes."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(reviewer=models.F("guardian")),
                name="guardianship_reviewer_is_not_the_guardian",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gt=models.F("decided_at")),
                name="guardianship_has_a_term",
            ),
        ]
        triggers: ClassVar = [
            *append_only("guardianship_decision"),
            pgtrigger.Trigger(
                name="guardianship_decision_fits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.GUARDIANSHIP_DECISION_FITS),
            ),
        ]

    def __str__(self) -> str:
        """Outcome."""
        return "verified" if self.verified else "not verified"


class GuardianshipEnd(IdModel):
    """Somebody acts for a person no longer."""

    guardianship = models.OneToOneField(Guardianship, on_delete=models.PROTECT, related_name="end")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField()

    tenant: ClassVar = Through("guardianship")

    class Meta:
        """It is not undone; new evidence makes a new guardianship."""

        triggers: ClassVar = append_only("guardianship_end")

    def __str__(self) -> str:
        """Guardianship and time."""
        return f"{self.guardianship_id} at {self.ended_at:%Y-%m-%d %H:%M}"


class Likeness(IdModel):
    """One portrait of a person, pinned by its digest; another photo is another likeness."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="likenesses")
    label = SealedText(subject="person_id", max_length=120)
    portrait_sha256 = models.CharField(max_length=64)
    portrait_size = models.PositiveBigIntegerField()  # bytes
    portrait_media_type = models.CharField(max_length=40)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Through("person")

    class Meta:
        """A portrait is never exchanged under an existing consent."""

        ordering: ClassVar = ["-added_at"]
        triggers: ClassVar = append_only("likeness")

    def __str__(self) -> str:
        """Label."""
        return str(self.label)


class Voice(IdModel):
    """One sample of a person's voice, pinned by its digest; another sample is another voice."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="voices")
    label = SealedText(subject="person_id", max_length=120)
    sample_sha256 = models.CharField(max_length=64)
    sample_size = models.PositiveBigIntegerField()  # bytes
    sample_media_type = models.CharField(max_length=40)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Through("person")

    class Meta:
        """A sample is never exchanged under an existing consent."""

        ordering: ClassVar = ["-added_at"]
        triggers: ClassVar = append_only("voice")

    def __str__(self) -> str:
        """Label."""
        return str(self.label)


Trait = Likeness | Voice  # what is somebody's own, and what they consent about


class _Measured(IdModel):
    """What the gate says, once."""

    verdict = models.CharField(max_length=30, choices=[(v, v) for v in VERDICTS])
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """No table of its own."""

        abstract = True

    def __str__(self) -> str:
        """Verdict."""
        return self.verdict


class Measurement(_Measured):
    """What the gate said of a portrait."""

    likeness = models.OneToOneField(Likeness, on_delete=models.PROTECT, related_name="measurement")
    findings = SealedJSON(subject="likeness.person_id", default=list)
    facts = SealedJSON(subject="likeness.person_id", default=dict)

    tenant: ClassVar = Through("likeness")

    class Meta:
        """A verdict is not edited: another photo is measured anew."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=VERDICTS), name="measurement_known_verdict"
            )
        ]
        triggers: ClassVar = append_only("measurement")


class SampleMeasurement(_Measured):
    """What the gate said of a voice sample."""

    voice = models.OneToOneField(Voice, on_delete=models.PROTECT, related_name="measurement")
    findings = SealedJSON(subject="voice.person_id", default=list)
    facts = SealedJSON(subject="voice.person_id", default=dict)

    tenant: ClassVar = Through("voice")

    class Meta:
        """A verdict is not edited: another sample is measured anew."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=VERDICTS), name="sample_measurement_known_verdict"
            )
        ]
        triggers: ClassVar = append_only("sample_measurement")

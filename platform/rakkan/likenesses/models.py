"""A person, their portraits and voice samples, and what the gate measured of each."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from compliance.permit import Verdict
from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through
from rakkan.likenesses.classes import PersonClass
from rakkan.vault.fields import SealedJSON, SealedText

VERDICTS = [verdict.value for verdict in Verdict]
CLASSES = [kind.value for kind in PersonClass]


class Person(IdModel):
    """Somebody who can be depicted; the account is theirs and nobody else's."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="person"
    )
    person_class = models.CharField(  # chosen when the record is made; policies ask for it
        max_length=20, choices=[(c, c) for c in CLASSES], default=PersonClass.ADULT.value
    )
    created_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Own()

    class Meta:
        """A class outside the list would match no rule, and so escape every forbidden use."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(person_class__in=CLASSES), name="person_known_class"
            )
        ]

    def __str__(self) -> str:
        """Return the person's name."""
        return self.user.name


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

"""Consent records: never overwritten, never deleted; a withdrawal is a row of its own."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from rakkan.audit.models import append_only
from rakkan.consents import triggers
from rakkan.consents.scope import CHANGES_OF, Scope
from rakkan.core.models import IdModel, words
from rakkan.core.tenancy import Own, Through
from rakkan.likenesses.models import Person, Trait
from rakkan.vault.fields import SealedJSON, SealedText

_WHOSE = "likeness.person_id|voice.person_id"
_WHOSE_WITHDRAWAL = "consent.likeness.person_id|consent.voice.person_id"


class Consent(IdModel):
    """What a person allows with one likeness or voice of theirs (after ISO/IEC TS 27560)."""

    likeness = models.ForeignKey(
        "likenesses.Likeness",
        on_delete=models.PROTECT,
        related_name="consents",
        null=True,
        blank=True,
    )
    voice = models.ForeignKey(
        "likenesses.Voice",
        on_delete=models.PROTECT,
        related_name="consents",
        null=True,
        blank=True,
    )
    controller = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    purposes = words()
    channels = words()
    territories = words()
    languages = words()
    permitted_changes = words(blank=True)
    # The words that tell viewers what they see.
    ai_label = SealedText(subject=_WHOSE, max_length=200)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    granted_at = models.DateTimeField()
    record = SealedJSON(subject=_WHOSE, default=dict)
    record_digest = models.CharField(max_length=64)
    # Signed by the receipt key; the person keeps a copy.
    receipt = SealedText(subject=_WHOSE)

    tenant: ClassVar = Own("controller_id")

    class Meta:
        """It is about one thing; a term has a length, and a scope is never empty."""

        ordering: ClassVar = ["-granted_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(likeness__isnull=False, voice__isnull=True)
                | models.Q(likeness__isnull=True, voice__isnull=False),
                name="consent_about_likeness_or_voice",
            ),
            *[
                models.CheckConstraint(
                    condition=models.Q(**{f"{trait}__isnull": True})
                    | models.Q(permitted_changes__contained_by=known),
                    name=f"consent_changes_of_{trait}",
                )
                for trait, known in CHANGES_OF.items()
            ],
            models.CheckConstraint(
                condition=models.Q(valid_from__lt=models.F("valid_until")), name="consent_has_term"
            ),
            *[
                models.CheckConstraint(
                    condition=models.Q(**{f"{name}__len__gt": 0}), name=f"consent_has_{name}"
                )
                for name in ("purposes", "channels", "territories", "languages")
            ],
        ]
        triggers: ClassVar = [
            *append_only("consent"),
            pgtrigger.Trigger(
                name="consent_by_who_acts",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.CONSENT_BY_WHO_ACTS),
            ),
            pgtrigger.Trigger(
                name="consent_of_who_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(triggers.CONSENT_OF_WHO_STAYS),
            ),
        ]

    def __str__(self) -> str:
        """Likeness or voice, and term."""
        return f"{self.likeness_id or self.voice_id} until {self.valid_until:%Y-%m-%d}"

    @property
    def trait(self) -> Trait:
        """Return the likeness or the voice that it is about."""
        found = self.likeness or self.voice
        if found is None:
            raise ValueError("A consent about nothing: the table has a constraint against that.")
        return found

    @property
    def person(self) -> Person:
        """Return whose likeness or voice it is about."""
        return self.trait.person

    @property
    def scope(self) -> Scope:
        """What it allows."""
        return Scope(
            frozenset(self.purposes),
            frozenset(self.channels),
            frozenset(self.territories),
            frozenset(self.languages),
            frozenset(self.permitted_changes),
        )


class Withdrawal(IdModel):
    """The end of a consent, by the person who gave it."""

    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    withdrawn_at = models.DateTimeField()
    reason = SealedText(subject=_WHOSE_WITHDRAWAL, max_length=500, blank=True)

    tenant: ClassVar = Through("consent")

    class Meta:
        """A withdrawal is not undone; a new consent can be given."""

        triggers: ClassVar = append_only("withdrawal")

    def __str__(self) -> str:
        """Consent and time."""
        return f"{self.consent_id} at {self.withdrawn_at:%Y-%m-%d %H:%M}"


class Supersession(IdModel):
    """The end of a consent by a narrower one of the same person about the same thing."""

    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="supersession")
    successor = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="replaces")
    superseded_at = models.DateTimeField()

    tenant: ClassVar = Through("consent")

    class Meta:
        """One successor each, newer, about the same likeness or voice; not undone."""

        triggers: ClassVar = [
            *append_only("supersession"),
            pgtrigger.Trigger(
                name="supersession_newer_same_trait",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM consents_consent o
                        JOIN consents_consent n
                          ON n.likeness_id IS NOT DISTINCT FROM o.likeness_id
                          AND n.voice_id IS NOT DISTINCT FROM o.voice_id
                          AND n.controller_id = o.controller_id
                          AND n.granted_at > o.granted_at
                        WHERE o.id = NEW.consent_id AND n.id = NEW.successor_id
                    ) THEN
                        RAISE EXCEPTION 'a consent is superseded by a newer one of the same kind'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Consent and time."""
        return f"{self.consent_id} at {self.superseded_at:%Y-%m-%d %H:%M}"

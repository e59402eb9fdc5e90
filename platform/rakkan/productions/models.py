"""One video on its way: the production, what was measured of its voice, what was rendered."""

import secrets
from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rakkan.audit.models import append_only
from rakkan.consents.walls import consents_hold
from rakkan.core.models import IdModel, refuses_previews, starts_as, words
from rakkan.core.tenancy import Own, Through
from rakkan.productions.origins import VoiceOrigin
from rakkan.productions.states import State, pairs
from rakkan.productions.walls import FORWARD, LIPS_FIT, leaves_no_preview
from rakkan.releases.lips import Outcome
from rakkan.vault.fields import SealedJSON, SealedText

STATES = [state.value for state in State]
ORIGINS = [origin.value for origin in VoiceOrigin]
OUTCOMES = [outcome.value for outcome in Outcome]
_ENDS = ["rejected", "cancelled", "stopped", "failed", "revoked"]

# What is spoken is about who is heard as well: each of the two can end it.
_SEEN_AND_HEARD = "likeness.person_id&speaker.person_id"
_SEEN_AND_HEARD_IN = "production.likeness.person_id&production.speaker.person_id"

# The columns that approvers decide on; frozen once it was submitted.
INPUTS = (
    "organisation_id",
    "requester_id",
    "likeness_id",
    "consent_id",
    "speaker_id",
    "voice_consent_id",
    "voice_origin",
    "voice_engine",
    "title",
    "purpose",
    "channels",
    "territories",
    "language",
    "prompt",
    "transcript",
    "engine",
    "weights_sha256",
    "width",
    "height",
    "fps",
    "seed",
    "voice_sha256",
    "voice_size",
    "voice_media_type",
    "label",
    "label_sha256",
    "captions_sha256",
    "background_sha256",
    "background_size",
    "background_media_type",
    "made_from_id",
    "asset_id",
    "salt",
    "request",
    "request_digest",
)


def _inputs_change_after_draft() -> str:
    changes = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in INPUTS)
    return f"OLD.state <> 'draft' AND ({changes})"


def new_asset_id() -> str:
    """Return 64 random bits as 16 hexadecimal digits: what the watermark carries."""
    return secrets.token_hex(8)


def new_salt() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


class Production(IdModel):
    """A request for one video in one language and everything that became of it."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    likeness = models.ForeignKey("likenesses.Likeness", on_delete=models.PROTECT)
    consent = models.ForeignKey("consents.Consent", on_delete=models.PROTECT, null=True, blank=True)
    speaker = models.ForeignKey(  # whose voice is heard; null: made before voices had owners
        "likenesses.Voice", on_delete=models.PROTECT, null=True, blank=True
    )
    voice_consent = models.ForeignKey(
        "consents.Consent",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="voice_productions",
    )
    voice_origin = models.CharField(  # as the requester declares; "": made before they were asked
        max_length=10, choices=[(o, o) for o in ORIGINS], blank=True, default=""
    )
    voice_engine = models.CharField(max_length=60, blank=True, default="")  # of synthetic speech
    title = SealedText(subject="likeness.person_id", max_length=120)
    purpose = models.CharField(max_length=40)
    channels = words()
    territories = words()
    language = models.CharField(max_length=10)
    prompt = SealedText(subject="likeness.person_id", max_length=500, blank=True)
    transcript = SealedText(subject=_SEEN_AND_HEARD, blank=True)
    heard = SealedText(  # the words that a recogniser heard in the track, for approvers
        subject=_SEEN_AND_HEARD, blank=True, null=True
    )
    engine = models.CharField(max_length=30)
    # Of weights that are no part of the engine's version, pinned when it is submitted.
    weights_sha256 = models.CharField(max_length=64, blank=True, default="")
    width = models.PositiveSmallIntegerField(default=512)  # pixels
    height = models.PositiveSmallIntegerField(default=512)  # pixels
    fps = models.PositiveSmallIntegerField(default=25)
    seed = models.PositiveIntegerField(default=0)
    voice_sha256 = models.CharField(max_length=64)
    voice_size = models.PositiveBigIntegerField()  # bytes
    voice_media_type = models.CharField(max_length=40)
    label = (
        SealedJSON(  # words, place and time of the visible AI label, pinned when it is submitted
            subject="likeness.person_id", null=True, blank=True
        )
    )
    label_sha256 = models.CharField(max_length=64, blank=True, default="")  # of its picture
    captions_sha256 = models.CharField(max_length=64, blank=True, default="")  # "": there are none
    # The picture behind the person; "" and 0: the photo's own, or what the prompt asks for.
    background_sha256 = models.CharField(max_length=64, blank=True, default="")
    background_size = models.PositiveBigIntegerField(default=0)  # bytes
    background_media_type = models.CharField(max_length=40, blank=True, default="")
    made_from = models.ForeignKey(  # what it was drafted anew from
        "self", on_delete=models.PROTECT, related_name="redrafts", null=True, blank=True
    )
    asset_id = models.CharField(max_length=16, unique=True, default=new_asset_id)
    salt = SealedText(  # makes the request's digest, which the log keeps, tell nothing of its words
        subject=_SEEN_AND_HEARD, default=new_salt, null=True
    )
    request = SealedJSON(subject=_SEEN_AND_HEARD, null=True, blank=True)
    request_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        max_length=20, choices=[(s, s) for s in STATES], default=State.DRAFT.value
    )
    problem = SealedJSON(
        subject="likeness.person_id", null=True, blank=True
    )  # why it ended, for people
    seal_sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    tenant: ClassVar = Own()

    class Meta:
        """States move along the table only, and what was submitted stays as it was."""

        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="production_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled", "stopped"])
                | Q(request__isnull=False, consent__isnull=False) & ~Q(request_digest=""),
                name="production_submitted_is_pinned",
            ),
            # Added without a look at older rows: those can only end.
            models.CheckConstraint(
                condition=Q(state__in=["draft", *_ENDS])
                | Q(speaker__isnull=False, voice_consent__isnull=False) & ~Q(voice_origin=""),
                name="production_speaker_is_pinned",
            ),
            models.CheckConstraint(  # added without a look at older rows, too
                condition=Q(state__in=["draft", *_ENDS])
                | Q(label__isnull=False) & ~Q(label_sha256=""),
                name="production_label_is_pinned",
            ),
            models.CheckConstraint(
                condition=Q(voice_origin__in=["", "recorded"], voice_engine="")
                | Q(voice_origin="synthetic") & ~Q(voice_engine=""),
                name="production_synthetic_names_engine",
            ),
            models.CheckConstraint(
                condition=Q(background_sha256="", background_size=0, background_media_type="")
                | Q(background_size__gt=0)
                & ~Q(background_sha256="")
                & ~Q(background_media_type=""),
                name="production_background_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(made_from=F("id")), name="production_not_made_from_itself"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "-created_at"])]
        triggers: ClassVar = [
            starts_as(State.DRAFT.value, name="production_starts_as_draft"),
            refuses_previews("production_is_no_preview", asset="asset_id"),
            leaves_no_preview(),
            pgtrigger.FSM(name="production_transitions", field="state", transitions=pairs()),
            pgtrigger.Protect(
                name="production_inputs_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(_inputs_change_after_draft()),
            ),
            pgtrigger.Protect(name="production_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="production_consents_hold",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Condition(
                    f"OLD.state IS DISTINCT FROM NEW.state AND ({FORWARD})"
                ),
                func=pgtrigger.Func(
                    f"""
                    IF NOT {consents_hold("NEW")} THEN
                        RAISE EXCEPTION 'no consent of who is seen and who is heard, no step on'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.background_sha256 <> '' AND NOT EXISTS (
                        SELECT 1 FROM consents_consent seen
                        WHERE seen.id = NEW.consent_id
                          AND 'background' = ANY(seen.permitted_changes)
                    ) THEN
                        RAISE EXCEPTION 'no picture behind a person who does not permit it'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """  # noqa: S608  columns of ours
                ),
            ),
        ]

    @property
    def seen_or_heard(self) -> frozenset[UUID]:
        """The ids of the persons whose photo and whose voice it is made of."""
        heard = {self.speaker.person_id} if self.speaker else set()
        return frozenset({self.likeness.person_id} | heard)

    def __str__(self) -> str:
        """Title."""
        return str(self.title)


class VoiceMeasurement(IdModel):
    """What the gate said of a production's voice track, once."""

    production = models.OneToOneField(
        Production, on_delete=models.PROTECT, related_name="voice_measurement"
    )
    voice_sha256 = models.CharField(max_length=64)
    verdict = models.CharField(max_length=30)
    findings = SealedJSON(subject=_SEEN_AND_HEARD_IN, default=list)
    facts = SealedJSON(subject=_SEEN_AND_HEARD_IN, default=dict)
    measured_at = models.DateTimeField(auto_now_add=True)

    tenant: ClassVar = Through("production")

    class Meta:
        """A verdict is not edited."""

        triggers: ClassVar = append_only("voice_measurement")

    def __str__(self) -> str:
        """Verdict."""
        return self.verdict


class Rendering(IdModel):
    """The accepted result of a render job."""

    production = models.OneToOneField(
        Production, on_delete=models.PROTECT, related_name="rendering"
    )
    permit = models.OneToOneField("dispatch.IssuedPermit", on_delete=models.PROTECT)
    file_sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes
    result = SealedJSON(subject="production.likeness.person_id", default=dict)
    received_at = models.DateTimeField()

    tenant: ClassVar = Through("production")

    class Meta:
        """No permit, no render: a row needs this production's used, unrevoked render permit."""

        triggers: ClassVar = [
            *append_only("rendering"),
            refuses_previews("rendering_is_no_preview", files=("file_sha256",)),
            pgtrigger.Trigger(
                name="rendering_needs_permit",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM dispatch_issuedpermit p
                        JOIN dispatch_job j ON j.id = p.job_id
                        JOIN dispatch_permituse u ON u.permit_id = p.id
                        WHERE p.id = NEW.permit_id AND j.kind = 'render'
                          AND j.subject_id = NEW.production_id
                          AND NOT EXISTS (
                              SELECT 1 FROM dispatch_permitrevocation r WHERE r.permit_id = p.id
                          )
                    ) THEN
                        RAISE EXCEPTION 'no permit, no render'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.Trigger(
                name="rendering_needs_consents",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    f"""
                    IF NOT EXISTS (
                        SELECT 1 FROM productions_production p
                        WHERE p.id = NEW.production_id AND {consents_hold("p", "NEW.received_at")}
                    ) THEN
                        RAISE EXCEPTION 'no live consents, no render'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """  # noqa: S608  text of ours
                ),
            ),
        ]

    def __str__(self) -> str:
        """Production and file."""
        return f"{self.production_id}: {self.file_sha256}"


class LipsMeasurement(IdModel):
    """Whether the lips of a rendered file follow its voice, as a worker measured it, once."""

    rendering = models.OneToOneField(Rendering, on_delete=models.PROTECT, related_name="lips")
    job = models.OneToOneField("dispatch.Job", on_delete=models.PROTECT)
    file_sha256 = models.CharField(max_length=64)  # of what was looked at
    outcome = models.CharField(max_length=20, choices=[(o, o) for o in OUTCOMES])
    facts = models.JSONField()  # numbers only
    measured_at = models.DateTimeField()

    tenant: ClassVar = Through("rendering")

    class Meta:
        """Of the very file that was rendered, by the job that was asked about it."""

        triggers: ClassVar = [
            *append_only("lips_measurement"),
            pgtrigger.Trigger(
                name="lips_of_what_was_rendered",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(LIPS_FIT),
            ),
        ]

    def __str__(self) -> str:
        """Outcome."""
        return self.outcome


class EndCarriedOut(IdModel):
    """Everything that stood on an ended consent was ended: the reconciler need not look again."""

    consent = models.OneToOneField("consents.Consent", on_delete=models.PROTECT)
    done_at = models.DateTimeField()

    tenant: ClassVar = Through("consent")

    class Meta:
        """It stays done: nothing new can stand on an ended consent."""

        triggers: ClassVar = append_only("end_carried_out")

    def __str__(self) -> str:
        """Consent."""
        return str(self.consent_id)

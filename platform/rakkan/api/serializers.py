"""What the API shows of each thing."""

from typing import Any, ClassVar

from rest_framework import serializers

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.approvals.selectors import decisions_of, steps_waiting
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_state
from rakkan.identity.models import BiometricConsent, IdentityCheck
from rakkan.identity.selectors import biometric_consent_state
from rakkan.likenesses.models import Likeness, Voice
from rakkan.productions.models import Production
from rakkan.productions.prompted import prompt_report_of
from rakkan.productions.selectors import production_progress
from rakkan.productions.states import OWNERS, State
from rakkan.releases.selectors import captions_of, release_of


def user_document(user: User) -> dict[str, Any]:
    """Return an account as its owner sees it."""
    return {
        "id": str(user.pk),
        "email": user.email,
        "name": user.name,
        "organisation": user.organisation.name,
        "roles": sorted(role.value for role in user_roles(user)),
    }


def _measurement(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"verdict": row.verdict, "findings": row.findings, "facts": row.facts}


class LikenessSerializer(serializers.ModelSerializer[Likeness]):
    """A portrait and what the gate said of it."""

    person = serializers.CharField(source="person.name", read_only=True)
    measurement = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Likeness
        fields: ClassVar = [
            "id",
            "label",
            "person",
            "portrait_sha256",
            "portrait_media_type",
            "added_at",
            "measurement",
        ]

    def get_measurement(self, likeness: Likeness) -> dict[str, Any] | None:
        """Return the verdict, or null while it is being measured."""
        return _measurement(getattr(likeness, "measurement", None))


class VoiceSerializer(serializers.ModelSerializer[Voice]):
    """A voice sample and what the gate said of it."""

    person = serializers.CharField(source="person.name", read_only=True)
    measurement = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Voice
        fields: ClassVar = [
            "id",
            "label",
            "person",
            "sample_sha256",
            "sample_media_type",
            "added_at",
            "measurement",
        ]

    def get_measurement(self, voice: Voice) -> dict[str, Any] | None:
        """Return the verdict, or null while it is being measured."""
        return _measurement(getattr(voice, "measurement", None))


class IdentityCheckSerializer(serializers.ModelSerializer[IdentityCheck]):
    """A check, what an identity provider said of it if one was asked, and its decision."""

    person = serializers.CharField(source="person.name", read_only=True)
    assurance = serializers.SerializerMethodField()
    decision = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = IdentityCheck
        fields: ClassVar = [
            "id",
            "person",
            "method",
            "evidence_sha256",
            "evidence_media_type",
            "submitted_at",
            "assurance",
            "decision",
        ]

    def get_assurance(self, check: IdentityCheck) -> dict[str, Any] | None:
        """Return by which rules, how surely and when; who that is, a reviewer sees on the site."""
        answer = getattr(check, "assurance", None)
        if answer is None:
            return None
        return {
            "issuer": answer.issuer,
            "trust_framework": answer.framework,
            "assurance_level": answer.level,
            "verified_at": answer.verified_at.isoformat(),
        }

    def get_decision(self, check: IdentityCheck) -> dict[str, Any] | None:
        """Return the reviewer's word, or null while there is none."""
        decision = getattr(check, "decision", None)
        if decision is None:
            return None
        return {"verified": decision.verified, "valid_until": decision.valid_until.isoformat()}


class BiometricConsentSerializer(serializers.ModelSerializer[BiometricConsent]):
    """A consent to biometric matching, what it is now, and its signed receipt."""

    state = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = BiometricConsent
        fields: ClassVar = [
            "id",
            "granted_at",
            "valid_until",
            "destroy_by",
            "state",
            "record",
            "record_digest",
            "receipt",
        ]

    def get_state(self, consent: BiometricConsent) -> str:
        """Return live, expired or withdrawn."""
        return biometric_consent_state(consent)


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """A consent record and what it is now."""

    state = serializers.SerializerMethodField()
    superseded_by = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Consent
        fields: ClassVar = [
            "id",
            "likeness",
            "voice",
            "purposes",
            "channels",
            "territories",
            "languages",
            "permitted_changes",
            "ai_label",
            "valid_from",
            "valid_until",
            "granted_at",
            "record_digest",
            "state",
            "superseded_by",
        ]

    def get_state(self, consent: Consent) -> str:
        """Return live, not-yet, expired, withdrawn or superseded."""
        return consent_state(consent).value

    def get_superseded_by(self, consent: Consent) -> str | None:
        """Return the id of the narrower consent that replaced it, or null."""
        supersession = getattr(consent, "supersession", None)
        return str(supersession.successor_id) if supersession else None


class ProductionSerializer(serializers.ModelSerializer[Production]):
    """A production, where it is and why."""

    requester = serializers.CharField(source="requester.name", read_only=True)
    depicted_person = serializers.CharField(source="likeness.person.name", read_only=True)
    speaking_person = serializers.CharField(
        source="speaker.person.name", read_only=True, default=None
    )
    waits_for = serializers.SerializerMethodField()
    voice = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    approvals = serializers.SerializerMethodField()
    open_steps = serializers.SerializerMethodField()
    release = serializers.SerializerMethodField()
    prompt_report = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Production
        fields: ClassVar = [
            "id",
            "title",
            "state",
            "waits_for",
            "problem",
            "requester",
            "depicted_person",
            "speaking_person",
            "likeness",
            "consent",
            "speaker",
            "voice_consent",
            "voice_origin",
            "voice_engine",
            "purpose",
            "channels",
            "territories",
            "language",
            "prompt",
            "prompt_report",
            "transcript",
            "engine",
            "width",
            "height",
            "fps",
            "seed",
            "voice_sha256",
            "voice",
            "background_sha256",
            "label",
            "asset_id",
            "request",
            "request_digest",
            "progress",
            "approvals",
            "open_steps",
            "release",
            "created_at",
            "changed_at",
        ]

    def get_waits_for(self, production: Production) -> str:
        """Say whose move it is."""
        return OWNERS[State(production.state)]

    def get_voice(self, production: Production) -> dict[str, Any] | None:
        """Return what the gate said of the voice track, or null while it is being measured."""
        return _measurement(getattr(production, "voice_measurement", None))

    def get_progress(self, production: Production) -> dict[str, Any]:
        """Return how far the rendering is."""
        return production_progress(production)

    def get_prompt_report(self, production: Production) -> list[dict[str, Any]]:
        """Return word for word what of the prompt was honoured, or would be."""
        return prompt_report_of(production)

    def get_approvals(self, production: Production) -> list[dict[str, Any]]:
        """Return the decisions so far."""
        return [
            {
                "step": decision.step.name,
                "verdict": decision.verdict,
                "comment": decision.comment,
                "decided_at": decision.decided_at.isoformat(),
            }
            for decision in decisions_of(production.pk)
        ]

    def get_open_steps(self, production: Production) -> list[dict[str, Any]]:
        """Return the steps that wait for a decision, since when, and who was told of it."""
        if State(production.state) is not State.IN_APPROVAL:
            return []
        return [
            {
                "step": step.name,
                "waits_since": step.since,
                "reminders": step.reminders,
                "reminded_at": step.reminded_at,
                "escalated_at": step.escalated_at,
            }
            for step in steps_waiting(production.pk)
        ]

    def get_release(self, production: Production) -> dict[str, Any] | None:
        """Return the released file, or null."""
        release = release_of(production.pk)
        if release is None:
            return None
        captions = captions_of(release)
        return {
            "asset_id": release.asset_id,
            "file_sha256": release.file_sha256,
            "size": release.size,
            "captions_sha256": captions.file_sha256 if captions else None,
            "released_at": release.released_at.isoformat(),
            "gate": release.gate.checks,
        }

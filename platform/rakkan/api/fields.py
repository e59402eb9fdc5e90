"""What the API takes."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from rakkan.accounts.models import User
from rakkan.approvals.services import Verdict
from rakkan.consents.models import Consent
from rakkan.consents.services import VOCABULARY, Terms
from rakkan.core.errors import BadInput
from rakkan.likenesses.models import Trait
from rakkan.likenesses.selectors import likeness_get, voice_get
from rakkan.productions.origins import VoiceOrigin
from rakkan.productions.services.create import Cast, Draft


def _words(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=40), **options)


class LoginFields(serializers.Serializer[Any]):
    """Credentials."""

    email = serializers.EmailField()
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    code = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class ConfirmFields(serializers.Serializer[Any]):
    """A code of an authenticator app."""

    code = serializers.CharField(max_length=20)


class ForFields(serializers.Serializer[Any]):
    """For oneself, or for a person whom one acts for."""

    person = serializers.UUIDField(required=False, default=None, allow_null=True)


class LikenessFields(ForFields):
    """A portrait; the file itself is the part named ``portrait``."""

    label = serializers.CharField(  # type: ignore[assignment]  # the name of ours, not Field.label
        max_length=120, required=False, default="", allow_blank=True
    )


class VoiceFields(ForFields):
    """A voice sample; the file itself is the part named ``sample``."""

    label = serializers.CharField(  # type: ignore[assignment]  # the name of ours, not Field.label
        max_length=120, required=False, default="", allow_blank=True
    )


class IdentityDecisionFields(serializers.Serializer[Any]):
    """A reviewer's word."""

    verified = serializers.BooleanField()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class BiometricConsentFields(ForFields):
    """An explicit yes; for a person whom one acts for it is refused, and says why."""

    agreed = serializers.BooleanField()


class ConsentFields(serializers.Serializer[Any]):
    """What a person allows with one likeness or one voice of theirs."""

    likeness = serializers.UUIDField(required=False, default=None, allow_null=True)
    voice = serializers.UUIDField(required=False, default=None, allow_null=True)
    purposes = _words()
    channels = _words()
    territories = _words()
    languages = _words()
    permitted_changes = _words(required=False, default=list)
    ai_label = serializers.CharField(max_length=200)
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()

    def terms(self) -> Terms:
        """Return the validated fields as terms."""
        targets = ("likeness", "voice")
        return Terms(**{k: v for k, v in self.validated_data.items() if k not in targets})

    def trait(self, user: User) -> Trait:
        """Return what the consent shall be about.

        Raises:
            BadInput: nothing or two things are named.
            NotFound: there is none of that id for this user.
        """
        likeness, voice = (self.validated_data[name] for name in ("likeness", "voice"))
        if (likeness is None) == (voice is None):
            raise BadInput(
                "A consent is about one likeness or one voice.",
                code="target-missing",
                remedy="Send either likeness or voice; send two requests for both.",
            )
        return likeness_get(user, likeness) if likeness else voice_get(user, voice)


class NarrowFields(serializers.Serializer[Any]):
    """What shall remain of a consent; a field that is left out stays as it is."""

    purposes = _words(required=False)
    channels = _words(required=False)
    territories = _words(required=False)
    languages = _words(required=False)
    permitted_changes = _words(required=False)
    valid_until = serializers.DateTimeField(required=False)

    def terms(self, consent: Consent) -> Terms:
        """Return the terms that remain, from now on."""
        given = self.validated_data
        words = {name: given.get(name, getattr(consent, name)) for name in VOCABULARY}
        return Terms(
            **words,
            ai_label=consent.ai_label,
            valid_from=max(consent.valid_from, timezone.now()),
            valid_until=given.get("valid_until", consent.valid_until),
        )


class WithdrawalFields(serializers.Serializer[Any]):
    """Why, if the person wants to say."""

    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class ProductionFields(serializers.Serializer[Any]):
    """A draft; the voice track is the part named ``voice``."""

    likeness = serializers.UUIDField()
    speaker = serializers.UUIDField()
    voice_origin = serializers.ChoiceField(choices=[origin.value for origin in VoiceOrigin])
    voice_engine = serializers.CharField(
        max_length=60, required=False, default="", allow_blank=True
    )
    title = serializers.CharField(max_length=120)
    purpose = serializers.CharField(max_length=40)
    channels = _words()
    territories = _words()
    language = serializers.CharField(max_length=10)
    prompt = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    transcript = serializers.CharField(
        max_length=20_000, required=False, default="", allow_blank=True
    )
    engine = serializers.CharField(max_length=30, required=False, default="mesh")
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, default=0)

    def draft(self) -> Draft:
        """Return the validated fields as a draft."""
        given = self.validated_data.items()
        return Draft(**{k: v for k, v in given if k not in ("likeness", "speaker")})

    def cast(self, user: User) -> Cast:
        """Return who is seen and who is heard.

        Raises:
            NotFound: there is no such likeness or voice for this user.
        """
        given = self.validated_data
        return Cast(likeness_get(user, given["likeness"]), voice_get(user, given["speaker"]))


class DecisionFields(serializers.Serializer[Any]):
    """An approver's word, bound to the digest of what they saw."""

    decision = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    step = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    in_name_of = serializers.UUIDField(required=False, default=None, allow_null=True)
    request_digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    comment = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class ReviewFields(serializers.Serializer[Any]):
    """What somebody says of the finished video, bound to the file they watched."""

    accepted = serializers.BooleanField()
    file_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")
    comment = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


def fields_of(kind: type[Any], request: Request) -> Any:
    """Return validated fields.

    Raises:
        ValidationError: some cannot be used.
    """
    fields = kind(data=request.data)
    fields.is_valid(raise_exception=True)
    return fields

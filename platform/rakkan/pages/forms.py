"""What people fill in. Forms only read; whether it may be done, the services say."""

from dataclasses import asdict, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import Ask, Newcomer
from rakkan.consents.models import Consent
from rakkan.consents.scope import WORLD
from rakkan.consents.services import Terms
from rakkan.dispatch.services import engines_offered
from rakkan.likenesses.classes import OWN_CLASSES, RELATIONS, PersonClass, Relation
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Likeness, Trait, Voice
from rakkan.likenesses.services import Represented
from rakkan.pages.words import (
    CHANGES,
    CHANNELS,
    ENGINES,
    LANGUAGES,
    PERSON_CLASSES,
    PURPOSES,
    RELATION_WORDS,
    ROLES,
    TERRITORIES,
    VOICE_ORIGINS,
    Words,
    choices,
)
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, Draft
from rakkan.productions.services.redraft import draft_of

_YEAR = timedelta(days=365)
LAST_SECOND = time(23, 59, 59)  # so that people read the day they chose
_IMAGES = {"accept": "image/jpeg,image/png,image/webp"}
_AUDIO = {"accept": "audio/*"}
_EVIDENCE = {"accept": "image/jpeg,image/png,image/webp,application/pdf"}


def _several(label: Any, words: Words, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices(words), widget=forms.CheckboxSelectMultiple, **options
    )


class Form(forms.Form):
    """Labels without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Set no suffix."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class PackForm(Form):
    """What kind of evidence pack."""

    language = forms.ChoiceField(
        label=_("Language of the summary"),
        choices=[(code, name) for code, name in settings.LANGUAGES],
    )
    with_video = forms.BooleanField(
        label=_("Put the video in"),
        required=False,
        help_text=_("Without it the pack is small; whoever has the video can check both together."),
    )


class PasswordForm(Form):
    """The password of somebody who is signed in."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class PasskeyAnswerForm(Form):
    """What a passkey answered to the page's challenge."""

    credential = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class CodeForm(Form):
    """A code of an authenticator app."""

    code = forms.CharField(
        label=_("Code of your authenticator app"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class _ForSomebody(Form):
    """For oneself, or for somebody whom one acts for."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """Offer the choice to those who have one."""
        super().__init__(*args, **kwargs)
        others = persons_of(user).filter(user=None)
        if not others:
            return
        self.fields["person_id"] = forms.TypedChoiceField(
            label=_("For"),
            choices=[("", _("Myself")), *[(str(one.pk), one.name) for one in others]],
            coerce=UUID,
            empty_value=None,
            required=False,
        )
        self.order_fields(["person_id"])


class PortraitForm(_ForSomebody):
    """A portrait."""

    portrait = forms.FileField(
        label=_("Photo"),
        allow_empty_file=True,
        help_text=_(
            "JPEG, PNG or WebP. One face, from the front, lips closed, even light, "
            "some room around the head."
        ),
        widget=forms.FileInput(_IMAGES),
    )
    label = forms.CharField(
        label=_("Name of the portrait"),
        required=False,
        max_length=120,
        help_text=_("For your own list, for example: Studio, spring."),
    )


class VoiceForm(_ForSomebody):
    """A voice sample."""

    sample = forms.FileField(
        label=_("Voice sample"),
        allow_empty_file=True,
        help_text=_(
            "WAV, FLAC, MP3, M4A, AAC, Ogg or WebM. You alone, speaking naturally for 15 seconds "
            "or more, without music."
        ),
        widget=forms.FileInput(_AUDIO),
    )
    label = forms.CharField(
        label=_("Name of the sample"),
        required=False,
        max_length=120,
        help_text=_("For your own list, for example: Headset, office."),
    )


class EvidenceForm(_ForSomebody):
    """Evidence of who somebody is."""

    evidence = forms.FileField(
        label=_("Evidence"),
        allow_empty_file=True,
        help_text=_("A photo or PDF that shows who you are. Only identity reviewers see it."),
        widget=forms.FileInput(_EVIDENCE),
    )


class ProofForm(Form):
    """Evidence that somebody acts for a person."""

    evidence = forms.FileField(
        label=_("Evidence"),
        allow_empty_file=True,
        help_text=_(
            "A photo or PDF that shows that you act for them: a birth certificate, a court's "
            "order, a certificate of inheritance. Only identity reviewers see it."
        ),
        widget=forms.FileInput(_EVIDENCE),
    )


class GuardianshipForm(ProofForm):
    """Somebody who has no account of their own, and why one acts for them."""

    name = forms.CharField(label=_("Their name"), max_length=120)
    person_class = forms.ChoiceField(
        label=_("They are"), choices=[(c.value, PERSON_CLASSES[c]) for c in RELATIONS]
    )
    relation = forms.ChoiceField(
        label=_("I am their"), choices=[(r.value, RELATION_WORDS[r]) for r in Relation]
    )
    majority = forms.DateField(
        label=_("They come of age on"),
        required=False,
        help_text=_("Of a minor: from this day on they act for themselves."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("name", "person_class", "relation", "majority", "evidence")

    def represented(self) -> Represented:
        """Return what was filled in."""
        given = self.cleaned_data
        day = given["majority"]
        return Represented(
            given["name"],
            PersonClass(given["person_class"]),
            Relation(given["relation"]),
            datetime.combine(day, time.min, tzinfo=UTC) if day else None,
        )


class WordForm(Form):
    """A reviewer's word, without a note."""

    verified = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")],
        coerce=lambda value: value == "yes",
        widget=forms.HiddenInput,
    )


class BiometricConsentForm(Form):
    """An explicit yes."""

    agreed = forms.BooleanField(
        label=_("Yes, my face and my voice may be compared to verify who I am.")
    )


class ReviewForm(Form):
    """A reviewer's word; the two buttons carry ``verified``."""

    verified = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")],
        coerce=lambda value: value == "yes",
        widget=forms.HiddenInput,
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea({"rows": 3})
    )


class ConsentForm(Form):
    """What a person allows with their face, their voice, or both."""

    likeness = forms.ModelChoiceField(
        queryset=Likeness.objects.none(), label=_("Portrait"), required=False
    )
    voice = forms.ModelChoiceField(
        queryset=Voice.objects.none(),
        label=_("Voice"),
        required=False,
        help_text=_("Chosen together, portrait and voice get one consent each, with these terms."),
    )
    purposes = _several(_("Purposes"), PURPOSES, help_text=_("What videos may be made for."))
    channels = _several(_("Channels"), CHANNELS, help_text=_("Where they may be shown."))
    territories = _several(_("Territories"), TERRITORIES)
    languages = _several(_("Languages"), LANGUAGES, help_text=_("What you may be heard to speak."))
    permitted_changes = _several(
        _("Permitted changes"),
        CHANGES,
        required=False,
        help_text=_(
            "What may be changed about your picture; lips and blinks always move. Of your voice: "
            "whether a machine may speak in it."
        ),
    )
    ai_label = forms.CharField(
        label=_("AI label"),
        max_length=200,
        help_text=_(
            "The words that tell viewers what they see. They are drawn into the picture, so keep "
            "them short."
        ),
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        required=False,
        help_text=_("Empty means: from now on."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("The last day of the term (UTC)."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self, *args: Any, likenesses: QuerySet[Likeness], voices: QuerySet[Voice], **kwargs: Any
    ) -> None:
        """Offer these portraits and voices."""
        initial = {
            "ai_label": _("Made with AI"),
            "valid_until": timezone.now().date() + _YEAR,
            "languages": ["en"],
        }
        super().__init__(*args, initial=initial | kwargs.pop("initial", {}), **kwargs)
        for name, rows in (("likeness", likenesses), ("voice", voices)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
                field.empty_label = _("None")

    def traits(self) -> list[Trait]:
        """Return what was chosen to consent about."""
        chosen = (self.cleaned_data[name] for name in ("likeness", "voice"))
        return [trait for trait in chosen if trait is not None]

    def terms(self) -> Terms:
        """Return the validated fields as terms; the last day is part of the term."""
        given = dict(self.cleaned_data)
        del given["likeness"], given["voice"]
        start: date | None = given.pop("valid_from")
        end: date = given.pop("valid_until")
        return Terms(
            **given,
            valid_from=_midnight(start) if start else timezone.now(),
            valid_until=datetime.combine(end, LAST_SECOND, tzinfo=UTC),
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


class NarrowForm(Form):
    """What remains of a consent: its own words, ticked; only taking away is offered."""

    purposes = _several(_("Purposes"), PURPOSES)
    channels = _several(_("Channels"), CHANNELS)
    territories = _several(_("Territories"), TERRITORIES)
    languages = _several(_("Languages"), LANGUAGES)
    permitted_changes = _several(_("Permitted changes"), CHANGES, required=False)
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("The last day of the term (UTC)."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, consent: Consent, **kwargs: Any) -> None:
        """Offer what the consent allows."""
        self._consent = consent
        offers = {
            "purposes": PURPOSES,
            "channels": CHANNELS,
            "territories": TERRITORIES,
            "languages": LANGUAGES,
            "permitted_changes": CHANGES,
        }
        initial: dict[str, Any] = {name: getattr(consent, name) for name in offers}
        initial["valid_until"] = consent.valid_until.astimezone(UTC).date()
        super().__init__(*args, initial=initial, **kwargs)
        for name, words in offers.items():
            field = self.fields[name]
            everywhere = name == "territories" and WORLD in consent.territories
            if isinstance(field, forms.MultipleChoiceField) and not everywhere:
                field.choices = [(word, words[word]) for word in getattr(consent, name)]

    def terms(self) -> Terms:
        """Return the validated fields as terms that start now and keep the label's words."""
        given = dict(self.cleaned_data)
        end = datetime.combine(given.pop("valid_until"), LAST_SECOND, tzinfo=UTC)
        return Terms(
            **given,
            ai_label=self._consent.ai_label,
            valid_from=max(self._consent.valid_from, timezone.now()),
            # The day the page showed means the consent's own last moment, whatever its hour.
            valid_until=min(end, self._consent.valid_until),
        )


class ErasureForm(Form):
    """A tick, so that no slip erases anybody."""

    sure = forms.BooleanField(label=_("I want all of this to be erased for good."))


class WithdrawalForm(Form):
    """Why, if the person wants to say."""

    reason = forms.CharField(
        label=_("Reason, if you want to give one"), required=False, max_length=500
    )


if TYPE_CHECKING:  # generic for the type checker only
    _AnyTrait = forms.ModelChoiceField[Likeness | Voice]
else:
    _AnyTrait = forms.ModelChoiceField


class _TraitChoice(_AnyTrait):
    """Names the person as well."""

    def label_from_instance(self, obj: Trait) -> str:
        """Return person, and portrait or voice."""
        return f"{obj.person.name} · {obj.label}"


class ProductionForm(Form):
    """A draft."""

    title = forms.CharField(label=_("Title"), max_length=120)
    likeness = _TraitChoice(queryset=Likeness.objects.none(), label=_("Likeness"))
    speaker = _TraitChoice(
        queryset=Voice.objects.none(),
        label=_("Who speaks"),
        help_text=_("Whose voice is heard. They consent to its use in their own account."),
    )
    voice_origin = forms.ChoiceField(
        label=_("The voice track is"),
        choices=[("", _("Please choose")), *choices(VOICE_ORIGINS)],
        help_text=_("You declare it; approvers read it, and the signed video says it."),
    )
    voice_engine = forms.CharField(
        label=_("Engine of synthetic speech"),
        required=False,
        max_length=60,
        help_text=_("Name and version, for synthetic speech only."),
    )
    voice = forms.FileField(
        label=_("Voice track"),
        allow_empty_file=True,
        help_text=_("WAV, FLAC, MP3, M4A, AAC, Ogg or WebM; one speaker, at most ten minutes."),
        widget=forms.FileInput(_AUDIO),
    )
    background = forms.FileField(
        label=_("Picture behind the person"),
        required=False,
        help_text=_(
            "JPEG, PNG or WebP, without people in it. The consent has to permit another background."
        ),
        widget=forms.FileInput(_IMAGES),
    )
    transcript = forms.CharField(
        label=_("Transcript"),
        required=False,
        max_length=20_000,
        help_text=_("What is said, word for word, so that approvers can read it."),
        widget=forms.Textarea({"rows": 4}),
    )
    prompt = forms.CharField(
        label=_("Prompt"),
        required=False,
        max_length=500,
        help_text=_("How to speak, for example: calm, warm, nodding. Every word is reported on."),
    )
    engine = forms.ChoiceField(
        label=_("Engine"), help_text=_("Those for which there is a worker now.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=choices(LANGUAGES))
    purpose = forms.ChoiceField(label=_("Purpose"), choices=choices(PURPOSES))
    channels = _several(_("Channels"), CHANNELS)
    territories = _several(_("Territories"), TERRITORIES)

    def __init__(
        self,
        *args: Any,
        likenesses: QuerySet[Likeness],
        voices: QuerySet[Voice],
        origin: Production | None = None,
        **kwargs: Any,
    ) -> None:
        """Offer these; filled in from ``origin``, whose voice track can be kept."""
        if origin is not None:
            cast = {"likeness": origin.likeness_id, "speaker": origin.speaker_id}
            kwargs["initial"] = asdict(draft_of(origin)) | cast
        super().__init__(*args, **kwargs)
        self._offer_engines(list(engines_offered()))
        if origin is not None:
            self.fields["voice"].required = False
            self.fields["voice"].help_text = _(
                "Left empty, the voice track of the earlier production is taken again."
            )
            if origin.background_sha256:
                self._offer_to_leave_the_background_out()
        for name, rows in (("likeness", likenesses), ("speaker", voices)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
                field.empty_label = None

    def cast(self) -> Cast:
        """Return who is seen and who is heard."""
        return Cast(self.cleaned_data["likeness"], self.cleaned_data["speaker"])

    def draft(self) -> Draft:
        """Return the validated fields as a draft."""
        names = {field.name for field in fields(Draft)}
        return Draft(**{k: v for k, v in self.cleaned_data.items() if k in names})

    def handed_in(self) -> dict[str, Any]:
        """Return the uploaded files by role."""
        return {role: self.cleaned_data[role] for role in ("voice", "background")}

    def _offer_engines(self, offered: list[str]) -> None:
        """Ask for the engine only where there is a choice."""
        field = self.fields["engine"]
        if len(offered) == 1 or not isinstance(field, forms.ChoiceField):
            del self.fields["engine"]
            return
        field.choices = [(name, ENGINES.get(name, name)) for name in offered]

    def _offer_to_leave_the_background_out(self) -> None:
        self.fields["background"].help_text = _(
            "Left empty, the picture of the earlier production is taken again."
        )
        self.fields["without_background"] = forms.BooleanField(
            label=_("Leave the earlier picture out"), required=False
        )
        names = list(self.fields)
        names.insert(names.index("background") + 1, names.pop())
        self.order_fields(names)


class DecisionForm(Form):
    """An approver's word, bound to the digest the page showed; the three buttons carry it."""

    decision = forms.ChoiceField(
        choices=[("approve", ""), ("reject", ""), ("changes", "")], widget=forms.HiddenInput
    )
    step = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    in_name_of = forms.UUIDField(required=False, widget=forms.HiddenInput)
    request_digest = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )


class ResultForm(Form):
    """What somebody says of the finished video; the two buttons carry ``accepted``."""

    accepted = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")],
        coerce=lambda value: value == "yes",
        widget=forms.HiddenInput,
    )
    file_sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )


class DelegationForm(Form):
    """From when until when an approver is away, and whom they name as deputy."""

    to_user = forms.UUIDField(label=_("Deputy"), required=False, widget=forms.Select)
    valid_from = forms.DateField(
        label=_("From"),
        required=False,
        help_text=_("The first day (UTC). Empty: from now on."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=_("Until"),
        help_text=_("The last day of the term (UTC)."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        """Offer these colleagues; whether one may be named, the service says."""
        super().__init__(*args, **kwargs)
        names = [(str(one.pk), one.name) for one in colleagues]
        self.fields["to_user"].widget = forms.Select(choices=[("", _("nobody")), *names])

    def begin(self) -> datetime:
        """Return the first moment of the first day, or this one."""
        day = self.cleaned_data["valid_from"]
        return datetime.combine(day, time.min, tzinfo=UTC) if day else timezone.now()

    def end(self) -> datetime:
        """Return the last moment of the last day."""
        return datetime.combine(self.cleaned_data["valid_until"], LAST_SECOND, tzinfo=UTC)


class RoleForm(Form):
    """A role for a colleague, and the last day of its term."""

    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, ROLES[role]) for role in Role])
    valid_until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day of the term (UTC). An auditor's role needs one."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def end(self) -> datetime | None:
        """Return the last moment of the last day, if there is one."""
        day = self.cleaned_data["valid_until"]
        return datetime.combine(day, LAST_SECOND, tzinfo=UTC) if day else None


class InvitationForm(Form):
    """Who is invited to be what."""

    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, ROLES[role]) for role in Role],
        initial=Role.DEPICTED_PERSON.value,
    )
    role_until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day of the term (UTC). An auditor's role needs one."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    language = forms.ChoiceField(label=_("Language of the message"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, anybody: bool, **kwargs: Any) -> None:
        """A requester invites depicted persons, and is asked for nothing else."""
        super().__init__(*args, **kwargs)
        if not anybody:
            del self.fields["role"], self.fields["role_until"]

    def ask(self) -> Ask:
        """Return what was filled in."""
        given = self.cleaned_data
        day = given.get("role_until")
        until = datetime.combine(day, LAST_SECOND, tzinfo=UTC) if day else None
        role = Role(given.get("role") or Role.DEPICTED_PERSON)
        return Ask(given["email"], role, until, given["language"])


class JoinForm(Form):
    """An invitation that somebody with an account accepts: nothing to fill in."""

    def __init__(self, *args: Any, depicted: bool, **kwargs: Any) -> None:
        """Ask a depicted person what rules have to know about them."""
        super().__init__(*args, **kwargs)
        if depicted:
            self.fields["person_class"] = forms.ChoiceField(
                label=_("Videos would show"),
                choices=[
                    *[
                        (c.value, format_lazy(_("me ({who})"), who=PERSON_CLASSES[c]))
                        for c in OWN_CLASSES
                    ],
                    *[
                        (
                            c.value,
                            format_lazy(_("somebody I act for ({who})"), who=PERSON_CLASSES[c]),
                        )
                        for c in RELATIONS
                    ],
                ],
            )

    def person_class(self) -> PersonClass:
        """Return what they are to a rule."""
        return PersonClass(self.cleaned_data.get("person_class") or PersonClass.ADULT)

    def newcomer(self) -> Newcomer | None:
        """Return what makes an account; here, nothing."""
        return None


class NewcomerForm(JoinForm):
    """An invitation that somebody without an account accepts."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        help_text=_("At least 8 characters; none of the common ones."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def newcomer(self) -> Newcomer | None:
        """Return what makes an account."""
        return Newcomer(self.cleaned_data["name"], self.cleaned_data["password"])

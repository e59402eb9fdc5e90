"""The words of the rules, said in the language of the page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from compliance.permit import Action, JobKind
from rakkan.accounts.endings import Ending
from rakkan.accounts.roles import Role
from rakkan.approvals.ruling import ChangeKind
from rakkan.consents.scope import WORLD, Change, Channel, Purpose
from rakkan.lifecycle.models import Kind
from rakkan.likenesses.classes import PersonClass, Relation
from rakkan.productions.origins import VoiceOrigin
from rakkan.productions.states import State
from rakkan.productions.stuck import Why
from rakkan.webhooks.models import Topic
from rakkan.webhooks.selectors import MessageState

Words = dict[str, str | Promise]

PURPOSES: Words = {
    Purpose.PRODUCT_BRIEFING: _("Product briefing"),
    Purpose.INTERNAL_TRAINING: _("Internal training"),
    Purpose.INTERNAL_NEWS: _("Internal news"),
    Purpose.CUSTOMER_SUPPORT: _("Customer support"),
    Purpose.MARKETING: _("Marketing"),
    Purpose.RECRUITMENT: _("Recruitment"),
}
CHANNELS: Words = {
    Channel.INTRANET: _("Intranet"),
    Channel.WEBSITE: _("Website"),
    Channel.SOCIAL_MEDIA: _("Social media"),
    Channel.EVENTS: _("Events"),
    Channel.BROADCAST: _("Broadcast"),
}
CHANGES: Words = {
    Change.EXPRESSION: _("Facial expression"),
    Change.BACKGROUND: _("Background"),
    Change.CLOTHING: _("Clothing"),
    Change.SYNTHETIC_SPEECH: _("Synthetic speech in the person's voice"),
}
ENGINES: Words = {
    "mesh": _("mesh: the photo itself, moved"),
    "portraittalk": _("portraittalk: the face drawn anew by networks"),
}
NOT_COMPARED: Words = {  # why a voice track was not compared with the sample, or the transcript
    "biometric-consent-missing": _("the person does not consent to biometric matching"),
    "too-short": _("there is too little speech"),
    "language-not-measured": _("the comparison was not measured for this language"),
    "not-measured": _("the worker does not compare transcripts"),
    "too-few-words": _("there are too few words besides numbers and abbreviations"),
}
NO_CAPTIONS: Words = {  # why a video has none
    **NOT_COMPARED,
    "no-transcript": _("there is no transcript"),
    "language-not-measured": _("nothing here reads this language aloud"),
    "not-measured": _("the worker does not measure when words are heard"),
    "not-aligned": _("the words could not be laid over the sound"),
}
VOICE_ORIGINS: Words = {
    VoiceOrigin.RECORDED: _("A recording of the person"),
    VoiceOrigin.SYNTHETIC: _("Synthetic speech"),
}
TERRITORIES: Words = {
    WORLD: _("Worldwide"),
    "JP": _("Japan"),
    "EU": _("European Union"),
    "US": _("United States"),
    "CN": _("China"),
    "GB": _("United Kingdom"),
    "KR": _("South Korea"),
    "SG": _("Singapore"),
    "AU": _("Australia"),
}
LANGUAGES: Words = {
    "en": _("English"),
    "ja": _("Japanese"),
    "de": _("German"),
    "es": _("Spanish"),
    "fr": _("French"),
    "it": _("Italian"),
    "ko": _("Korean"),
    "zh": _("Chinese"),
}
ROLES: Words = {
    Role.REQUESTER: _("Requester"),
    Role.DEPICTED_PERSON: _("Depicted person"),
    Role.IDENTITY_REVIEWER: _("Identity reviewer"),
    Role.APPROVER: _("Approver"),
    Role.AUDITOR: _("Auditor"),
    Role.OPERATOR: _("Operator"),
    Role.ADMINISTRATOR: _("Administrator"),
    "system": _("System"),
}
OBJECTS: Words = {  # what audit events are about
    "log": pgettext_lazy("object", "Log"),
    "watch": pgettext_lazy("object", "Watch-list"),
    "session": pgettext_lazy("object", "Session"),
    "user": pgettext_lazy("object", "Account"),
    "invitation": pgettext_lazy("object", "Invitation"),
    "person": pgettext_lazy("object", "Person"),
    "guardianship": pgettext_lazy("object", "Guardianship"),
    "likeness": pgettext_lazy("object", "Likeness"),
    "identity_challenge": pgettext_lazy("object", "Challenge"),
    "identity_check": pgettext_lazy("object", "Identity check"),
    "identity_question": pgettext_lazy("object", "Question to an identity provider"),
    "biometric_consent": pgettext_lazy("object", "Consent to biometric matching"),
    "voice": pgettext_lazy("object", "Voice"),
    "consent": pgettext_lazy("object", "Consent"),
    "production": pgettext_lazy("object", "Production"),
    "release": pgettext_lazy("object", "Release"),
    "pack": pgettext_lazy("object", "Evidence pack"),
    "measured object": pgettext_lazy("object", "Measured input"),
    "job": pgettext_lazy("object", "Job"),
    "permit": pgettext_lazy("object", "Permit"),
    "preview": pgettext_lazy("object", "Preview"),
    "policy": pgettext_lazy("object", "Approval policy"),
    "delegation": pgettext_lazy("object", "Delegation"),
    "forbidden_use": pgettext_lazy("object", "Forbidden use"),
    "rule_change": pgettext_lazy("object", "Change of rules"),
    "webhook": pgettext_lazy("object", "Webhook"),
    "legal_hold": pgettext_lazy("object", "Legal hold"),
    "retention": pgettext_lazy("object", "Retention period"),
    "draft": pgettext_lazy("object", "Draft that was never submitted"),
    "input": pgettext_lazy("object", "Voice track of an ended production"),
    "rendering": pgettext_lazy("object", "Rendered file in quarantine"),
    "evidence": pgettext_lazy("object", "Identity evidence"),
}
UNITS: Words = {  # as the gate reports them
    "px": pgettext_lazy("unit", "pixels"),
    "faces": pgettext_lazy("unit", "face(s)"),
    "degrees": pgettext_lazy("unit", "degrees"),
    "cm": pgettext_lazy("unit", "cm"),
    "s": pgettext_lazy("unit", "s"),
    "phones/s": pgettext_lazy("unit", "sounds a second"),
    "dB full scale": pgettext_lazy("unit", "dB"),
    "dB": pgettext_lazy("unit", "dB"),
    "LUFS": pgettext_lazy("unit", "LUFS"),
    "of the time": pgettext_lazy("unit", "of the time"),
    "similarity": pgettext_lazy("unit", "similarity"),
    "fraction": pgettext_lazy("unit", "of all samples"),
    "fraction outside": pgettext_lazy("unit", "outside"),
    "level": pgettext_lazy("unit", "of 255"),
    "distance": pgettext_lazy("unit", "distance"),
    "correlation": pgettext_lazy("unit", "correlation"),
    "pictures/s": pgettext_lazy("unit", "pictures a second"),
    "part found": pgettext_lazy("unit", "of the pictures"),
    "actions": pgettext_lazy("unit", "action(s)"),
    "% of height": pgettext_lazy("unit", "% of the face's height"),
    "of motion": pgettext_lazy("unit", "of the movement"),
    "grey levels": pgettext_lazy("unit", "grey levels"),
    "unevenness": pgettext_lazy("unit", "unevenness"),
    "of 1": pgettext_lazy("unit", "of 1"),
    "of the face": pgettext_lazy("unit", "of the face"),
    "of the frames": pgettext_lazy("unit", "of the frames"),
    "of the cheeks'": pgettext_lazy("unit", "of the cheeks'"),
    "stops": pgettext_lazy("unit", "stops"),
    "times": pgettext_lazy("unit", "times as strong"),
    "chance": pgettext_lazy("unit", "probability"),
    "chroma": pgettext_lazy("unit", "chroma"),
    "years": pgettext_lazy("unit", "years"),
}
STATES: Words = {
    State.DRAFT: pgettext_lazy("state", "Draft"),
    State.IN_APPROVAL: pgettext_lazy("state", "In approval"),
    State.QUEUED: pgettext_lazy("state", "Queued"),
    State.RENDERING: pgettext_lazy("state", "Rendering"),
    State.RENDERED: pgettext_lazy("state", "Being sealed"),
    State.SEALED: pgettext_lazy("state", "At the gate"),
    State.IN_REVIEW: pgettext_lazy("state", "To be watched"),
    State.RELEASED: pgettext_lazy("state", "Released"),
    State.REJECTED: pgettext_lazy("state", "Rejected"),
    State.CANCELLED: pgettext_lazy("state", "Cancelled"),
    State.STOPPED: pgettext_lazy("state", "Stopped"),
    State.FAILED: pgettext_lazy("state", "Failed"),
    State.REVOKED: pgettext_lazy("state", "Revoked"),
}
NEXT: Words = {  # by state: whose move it is, in a sentence
    State.DRAFT: _("Waits for the requester to submit it."),
    State.IN_APPROVAL: _("Waits for an approver."),
    State.QUEUED: _("Waits for a free worker."),
    State.RENDERING: _("A worker is drawing it, frame by frame."),
    State.RENDERED: _("The seal is being put on."),
    State.SEALED: _("The gate is reading every mark back."),
    State.IN_REVIEW: _("Waits for people who watch it before its release."),
    State.RELEASED: _("Ready: sealed, checked and released."),
}
INVITATION_ENDS: Words = {
    Ending.ACCEPTED: pgettext_lazy("invitation", "Accepted"),
    Ending.REVOKED: pgettext_lazy("invitation", "Taken back"),
    Ending.REPLACED: pgettext_lazy("invitation", "Sent anew"),
    Ending.EXPIRED: pgettext_lazy("invitation", "Ran out"),
}
STUCK: Words = {  # why a production does not get on
    Why.NO_WORKER: _("No worker takes it."),
    Why.WORKER_SILENT: _("Its worker fell silent."),
    Why.NOT_SEALED: _("No sealing worker finishes it."),
    Why.LIPS_NOT_JUDGED: _("No worker says whether its lips follow the voice."),
}
RETAINED: Words = {  # what there is a retention period for, and from when it counts
    Kind.DRAFT: _("Drafts that were never submitted, from their last change"),
    Kind.INPUT: _("Voice tracks of productions that ended unreleased, from their end"),
    Kind.RENDERING: _("Files in quarantine of ended productions, from their end"),
    Kind.EVIDENCE: _("Evidence of identity, from the end of the decision's term"),
    Kind.RELEASE: _("Files of revoked releases, from the revocation"),
}
TOPIC_WORDS: Words = {
    Topic.CONSENT_WITHDRAWN: _("A consent was withdrawn"),
    Topic.RELEASE_RELEASED: _("A video was released"),
    Topic.RELEASE_REVOKED: _("A release was revoked"),
}
MESSAGE_STATES: Words = {
    MessageState.WAITING: pgettext_lazy("message", "Waits to be sent"),
    MessageState.TRYING: pgettext_lazy("message", "Is tried again"),
    MessageState.DELIVERED: pgettext_lazy("message", "Delivered"),
    MessageState.GIVEN_UP: pgettext_lazy("message", "Given up"),
    MessageState.DROPPED: pgettext_lazy("message", "Not sent: the webhook ended"),
}
NOT_DELIVERED: Words = {  # by the code of a try
    "refused": _("it was refused"),
    "timeout": _("no answer in time"),
    "tls": _("no secure connection"),
    "no-answer": _("nothing answers there"),
    "name-unknown": _("the name is unknown"),
    "address-not-public": _("the address is not public"),
}
JOB_KINDS: Words = {
    JobKind.RENDER: pgettext_lazy("job", "Render"),
    JobKind.MEASURE: pgettext_lazy("job", "Measure"),
}
ACTIONS: Words = {  # of the identity check by camera
    Action.BLINK: _("Close both eyes for a moment"),
    Action.SMILE: _("Smile"),
    Action.TURN_LEFT: _("Turn the head to the left"),
    Action.TURN_RIGHT: _("Turn the head to the right"),
    Action.RAISE_BROWS: _("Raise the eyebrows"),
    Action.OPEN_MOUTH: _("Open the mouth"),
}
EVIDENCE_KINDS: Words = {  # that an identity provider has seen, as its standard names them
    "document": pgettext_lazy("evidence", "a document"),
    "electronic_record": pgettext_lazy("evidence", "an electronic record"),
    "vouch": pgettext_lazy("evidence", "somebody's word"),
    "electronic_signature": pgettext_lazy("evidence", "an electronic signature"),
}
CONSENT_STATES: Words = {
    "live": pgettext_lazy("consent", "Live"),
    "not-yet": pgettext_lazy("consent", "Not yet valid"),
    "expired": pgettext_lazy("consent", "Expired"),
    "withdrawn": pgettext_lazy("consent", "Withdrawn"),
    "superseded": pgettext_lazy("consent", "Replaced by a narrower one"),
    "missing": pgettext_lazy("consent", "Never given"),
}
VERDICTS: Words = {
    "usable": _("Usable"),
    "usable-with-warnings": _("Usable, with warnings"),
    "unusable": _("Unusable"),
    "approve": _("Approved"),
    "reject": _("Rejected by the approver"),
    "changes": _("Changes asked for"),
}
PERSON_CLASSES: Words = {
    PersonClass.ADULT: _("Adult"),
    PersonClass.PUBLIC_OFFICIAL: _("Public official"),
    PersonClass.MINOR: _("Minor"),
    PersonClass.DECEASED: _("Deceased"),
}
RELATION_WORDS: Words = {
    Relation.PARENT: _("Parent"),
    Relation.LEGAL_GUARDIAN: _("Legal guardian"),
    Relation.HEIR: _("Heir"),
    Relation.RIGHTS_HOLDER: _("Rights holder"),
}
GATE_CHECKS: Words = {
    "file": _("The file is the one that was sealed"),
    "manifest": _("The signed manifest is trusted"),
    "binding": _("Asset, request and consent receipt match"),
    "watermark": _("The watermark reads back"),
    "playable": _("It plays, with picture and sound"),
    "voice": _("The sound is the approved voice, all of it"),
    "audiomark": _("The mark in the sound reads back"),
    "label": _("The visible AI label stands in the picture, all its time"),
    "lips": _("The lips follow the voice"),
    "consent": _("Consent and approval still hold"),
}
LABEL_PROFILES: Words = {
    "EU": _("European Union (AI Act, Art. 50)"),
    "CN": _("China (GB 45438-2025)"),
    "US-CA": _("California (SB 942, AB 853)"),
    "JP": _("Japan (AI guidelines)"),
    "default": _("Elsewhere (our own rule)"),
}
RULE_CHANGES: Words = {
    ChangeKind.ADD: pgettext_lazy("rule", "New rule or version"),
    ChangeKind.RETIRE: pgettext_lazy("rule", "End of the rule"),
}
STATUS: Words = {
    "released": pgettext_lazy("state", "Released"),
    "revoked": pgettext_lazy("state", "Revoked"),
    "held": pgettext_lazy("state", "Held"),
    "preview": pgettext_lazy("state", "Preview"),
}
PREVIEW_ENDS: Words = {  # by the code of the end
    "preview-expired": _("its time was up."),
    "consent-withdrawn": _("the depicted person has withdrawn the consent."),
    "consent-superseded": _("the depicted person has narrowed the consent."),
    "consent-expired": _("the consent has expired."),
    "worker-died": _("the workers died on it."),
    "mark-missing": _("its pictures do not carry its mark."),
    "mark-in-part": _("not all of its pictures carry its mark."),
    "sound-mark-missing": _("its sound does not carry its mark."),
    "sound-mark-in-part": _("not all of its sound carries its mark."),
    "video-shape": _("it is another picture than was asked for."),
    "preview-unreadable": _("it could not be read."),
    "preview-unread": _("its mark was not read back in time."),
}
STAGES: Words = {  # as workers report them
    "starting": _("starting"),
    "inputs fetched": _("inputs fetched"),
    "listening": _("listening to the voice"),
    "preparing the portrait": _("preparing the portrait"),
    "drawing": _("drawing"),
    "uploading": _("uploading"),
    "reporting": _("reporting"),
}
SCOPE_FIELDS: Words = {
    "purpose": _("Purpose"),
    "channel": _("Channels"),
    "territory": _("Territories"),
    "language": _("Language"),
    "change": _("Permitted changes"),
}

REQUEST_FIELDS: Words = {  # what a request says, for what has changed of it
    **SCOPE_FIELDS,
    "title": _("Title"),
    "transcript": _("Transcript"),
    "prompt": _("Prompt"),
    "speaker": _("Who speaks"),
    "origin": _("Declared as"),
    "engine": _("Engine"),
    "picture": _("Picture"),
    "seed": _("Seed"),
    "consent": pgettext_lazy("step", "Consent"),
}

KINDS: dict[str, Words] = {
    "purpose": PURPOSES,
    "channel": CHANNELS,
    "change": CHANGES,
    "engine": ENGINES,
    "not_compared": NOT_COMPARED,
    "voice_origin": VOICE_ORIGINS,
    "territory": TERRITORIES,
    "language": LANGUAGES,
    "role": ROLES,
    "state": STATES,
    "next": NEXT,
    "relation": RELATION_WORDS,
    "stuck": STUCK,
    "invitation": INVITATION_ENDS,
    "job": JOB_KINDS,
    "action": ACTIONS,
    "evidence_kind": EVIDENCE_KINDS,
    "consent": CONSENT_STATES,
    "verdict": VERDICTS,
    "person_class": PERSON_CLASSES,
    "gate": GATE_CHECKS,
    "label_profile": LABEL_PROFILES,
    "no_captions": NO_CAPTIONS,
    "status": STATUS,
    "rule_change": RULE_CHANGES,
    "preview_end": PREVIEW_ENDS,
    "retained": RETAINED,
    "topic": TOPIC_WORDS,
    "message": MESSAGE_STATES,
    "not_delivered": NOT_DELIVERED,
    "object": OBJECTS,
    "stage": STAGES,
    "unit": UNITS,
    "scope": SCOPE_FIELDS,
    "request": REQUEST_FIELDS,
}


def word(kind: str, value: object) -> str:
    """Return ``value`` in the language of the page, or as it is where it has no word."""
    return str(KINDS[kind].get(str(value), value))


def choices(words: Words) -> list[tuple[str, str | Promise]]:
    """Return words as the choices of a form field."""
    return list(words.items())

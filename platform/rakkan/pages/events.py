"""The names of audit events in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from rakkan.audit.names import EventName as Name

WORDS: dict[str, str | Promise] = {
    Name.SESSION_STARTED: _("Somebody signed in"),
    Name.SESSION_REFUSED: _("A sign-in was refused"),
    Name.CONFIRMED: _("Somebody confirmed that it is them"),
    Name.CONFIRMATION_REFUSED: _("A confirmation was refused"),
    Name.PASSWORD_CHANGED: _("A password was changed"),
    Name.PROVIDER_TIED: _("An account was tied to an identity provider"),
    Name.FACTOR_ADDED: _("A way to sign in was added"),
    Name.FACTOR_REMOVED: _("A way to sign in was removed"),
    Name.INVITATION_SENT: _("Somebody was invited"),
    Name.INVITATION_REVOKED: _("An invitation was taken back"),
    Name.INVITATION_EXPIRED: _("An invitation ran out"),
    Name.INVITATION_ACCEPTED: _("An invitation was accepted"),
    Name.INVITATION_REFUSED: _("An invitation was refused"),
    Name.USER_ADDED: _("An account was made"),
    Name.USER_DEACTIVATED: _("An account was closed"),
    Name.USER_REACTIVATED: _("An account was opened again"),
    Name.ROLE_GRANTED: _("Somebody was given a role"),
    Name.ROLE_REVOKED: _("Somebody's role was taken away"),
    Name.ROLE_EXPIRED: _("The term of somebody's role had run out"),
    Name.ACCOUNT_REFUSED: _("A change of accounts was refused"),
    Name.PERSON_ADDED: _("A depicted person was added"),
    Name.GUARDIANSHIP_SUBMITTED: _("Somebody said that they act for a person"),
    Name.GUARDIANSHIP_DECIDED: _("A guardianship was decided"),
    Name.GUARDIANSHIP_ENDED: _("A guardianship was ended"),
    Name.GUARDIANSHIP_REFUSED: _("A guardianship was refused"),
    Name.LIKENESS_ADDED: _("A portrait was added"),
    Name.LIKENESS_MEASURED: _("A portrait was measured"),
    Name.LIKENESS_REFUSED: _("A portrait was refused"),
    Name.VOICE_ADDED: _("A voice was enrolled"),
    Name.SAMPLE_MEASURED: _("A voice sample was measured"),
    Name.VOICE_REFUSED: _("A voice sample was refused"),
    Name.CHALLENGE_ISSUED: _("A challenge for the camera was made"),
    Name.IDENTITY_SUBMITTED: _("Identity evidence was handed in"),
    Name.IDENTITY_MEASURED: _("A recording was measured"),
    Name.EVIDENCE_VIEWED: _("Identity evidence was viewed"),
    Name.IDENTITY_DECIDED: _("An identity check was decided"),
    Name.BIOMETRIC_GRANTED: _("A consent to biometric matching was granted"),
    Name.BIOMETRIC_WITHDRAWN: _("A consent to biometric matching was withdrawn"),
    Name.RECORDING_DESTROYED: _("A recording was destroyed"),
    Name.IDENTITY_REFUSED: _("An identity check was refused"),
    Name.CONSENT_GRANTED: _("A consent was granted"),
    Name.CONSENT_NARROWED: _("A consent was narrowed"),
    Name.CONSENT_WITHDRAWN: _("A consent was withdrawn"),
    Name.CONSENT_REFUSED: _("A consent was refused"),
    Name.PRODUCTION_CREATED: _("A draft was made"),
    Name.PRODUCTION_REFUSED: _("A step of a production was refused"),
    Name.VOICE_MEASURED: _("A voice track was measured"),
    Name.PRODUCTION_SUBMITTED: _("A production was submitted"),
    Name.POLICY_ADDED: _("An approval policy was added"),
    Name.USE_FORBIDDEN: _("A use was forbidden"),
    Name.RULE_PROPOSED: _("A change of rules was proposed"),
    Name.RULE_CONFIRMED: _("A change of rules was confirmed"),
    Name.RULE_DECLINED: _("A change of rules was declined"),
    Name.RULE_REFUSED: _("A change of rules was refused"),
    Name.PREVIEW_REQUESTED: _("A preview was asked for"),
    Name.PREVIEW_RECEIVED: _("A preview was handed in"),
    Name.PREVIEW_READ: _("The mark of a preview was read back"),
    Name.PREVIEW_VIEWED: _("A preview was viewed"),
    Name.PREVIEW_REFUSED: _("A preview was refused"),
    Name.PREVIEW_ENDED: _("A preview ended"),
    Name.PREVIEW_DESTROYED: _("A preview was destroyed"),
    Name.DELEGATION_ADDED: _("An approver is away, with a deputy or without"),
    Name.DELEGATION_ENDED: _("An approver is back early"),
    Name.DELEGATION_REFUSED: _("A delegation was refused"),
    Name.REMINDER_SENT: _("Approvers were reminded of a decision"),
    Name.ESCALATED: _("A decision that waits was brought before others"),
    Name.ESCALATION_REPORTED: _("Administrators were told of a decision that waits"),
    Name.DECISION_RECORDED: _("An approver decided"),
    Name.DECISION_REFUSED: _("A decision was refused"),
    Name.PRODUCTION_APPROVED: _("A production was approved"),
    Name.PRODUCTION_REJECTED: _("A production was rejected"),
    Name.PERMIT_ISSUED: _("A permit was issued"),
    Name.PERMIT_REFUSED: _("A permit was refused"),
    Name.PERMIT_REVOKED: _("A permit was called back"),
    Name.JOB_RECLAIMED: _("A job was taken over from a lost worker"),
    Name.JOB_FAILED: _("A job failed"),
    Name.RENDERING_RECEIVED: _("A rendering was received"),
    Name.RENDERING_REFUSED: _("A rendering was refused"),
    Name.PRODUCTION_SEALED: _("A video was sealed"),
    Name.SEAL_REFUSED: _("A seal was refused"),
    Name.PRODUCTION_REVIEWING: _("A finished video waits for review"),
    Name.REVIEW_WATCHED: _("A finished video was watched before release"),
    Name.REVIEW_RECORDED: _("A finished video was reviewed"),
    Name.REVIEW_REFUSED: _("A review was refused"),
    Name.FILES_DESTROYED: _("The files of a refused video were destroyed"),
    Name.GATE_FAILED: _("The gate refused a file"),
    Name.PRODUCTION_RELEASED: _("A video was released"),
    Name.PRODUCTION_CANCELLED: _("A production was cancelled"),
    Name.PRODUCTION_STOPPED: _("A production was stopped"),
    Name.PRODUCTION_FAILED: _("A production failed"),
    Name.RELEASE_DELIVERED: _("A video was delivered"),
    Name.RELEASE_REFUSED: _("A delivery was refused"),
    Name.RELEASE_REVOKED: _("A release was revoked"),
    Name.EVIDENCE_EXPORTED: _("Evidence was exported"),
    Name.PACK_REQUESTED: _("An evidence pack was asked for"),
    Name.PACK_BUILT: _("An evidence pack was built"),
    Name.PACK_DELIVERED: _("An evidence pack was handed over"),
    Name.PACK_REFUSED: _("An evidence pack was refused"),
    Name.PACK_ENDED: _("An evidence pack ended"),
    Name.PERSON_COPY_EXPORTED: _("A person took a copy of their data"),
    Name.PERSON_COPY_REFUSED: _("A copy of personal data was refused"),
    Name.WEBHOOK_ADDED: _("A webhook was added"),
    Name.WEBHOOK_ENDED: _("A webhook was ended"),
    Name.WEBHOOK_RESENT: _("A webhook's message was sent again"),
    Name.WEBHOOK_REFUSED: _("A webhook was refused"),
    Name.HOLD_SET: _("A legal hold was set"),
    Name.HOLD_ENDED: _("A legal hold was ended"),
    Name.HOLD_REFUSED: _("A legal hold was refused"),
    Name.ERASURE_ASKED: _("A person asked for their erasure"),
    Name.ERASURE_REFUSED: _("An erasure was refused"),
    Name.ERASURE_CARRIED_OUT: _("A person was erased"),
    Name.RETENTION_SET: _("A retention period was set"),
    Name.RETENTION_REFUSED: _("A retention period was refused"),
    Name.RETENTION_DISPOSED: _("Something was disposed of after its time"),
    Name.LOG_READ: _("The log was read"),
    Name.LOG_EXPORTED: _("The log was exported"),
    Name.PERSONAL_DATA_READ: _("Somebody was shown personal data"),
    Name.WATCH_ADDED: _("A watch-list was made"),
    Name.WATCH_ENDED: _("A watch-list was ended"),
    Name.INSPECTION_REFUSED: _("A look into the log was refused"),
}

DOMAINS: dict[str, str | Promise] = {
    "accounts": pgettext_lazy("events", "Accounts and sign-in"),
    "likenesses": pgettext_lazy("events", "People, portraits, voices"),
    "identity": pgettext_lazy("events", "Identity"),
    "consents": pgettext_lazy("events", "Consents"),
    "productions": pgettext_lazy("events", "Productions"),
    "approvals": pgettext_lazy("events", "Approvals and policies"),
    "previews": pgettext_lazy("events", "Previews"),
    "dispatch": pgettext_lazy("events", "Permits and jobs"),
    "releases": pgettext_lazy("events", "Releases"),
    "evidence": pgettext_lazy("events", "Evidence"),
    "webhooks": pgettext_lazy("events", "Webhooks"),
    "lifecycle": pgettext_lazy("events", "Holds, erasure, retention"),
    "audit": pgettext_lazy("events", "The log"),
    "inspection": pgettext_lazy("events", "Readers and auditors"),
}


def event_word(name: str) -> str:
    """Return what an event says; an event without words says its name."""
    return str(WORDS.get(name, name))


def event_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every event for a filter, by domain; the domain itself stands for all of it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in Name:
        domain = name.value.partition(".")[0]
        whole = (domain, gettext("All of: %(domain)s") % {"domain": domain_word(domain)})
        groups.setdefault(domain, [whole]).append((name.value, event_word(name.value)))
    return [(domain_word(domain), names) for domain, names in groups.items()]


def domain_word(domain: str) -> str:
    """Return what the first part of an event's name stands for."""
    return str(DOMAINS.get(domain, domain))

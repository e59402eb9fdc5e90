"""Which columns of a row the log tells when it is written, so that the log replays to the tables.

Each column of each table stands here once. *Told* columns are ids, states, digests, times and words
of a vocabulary: events carry them, and reading the log in order gives the table. *Kept back* is
what is personal or secret: it is sealed, overwritten by an erasure or known by a digest that is
told. *Derived* follows from the rest, or says how far a machine is with its work.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Model

from rakkan.audit.names import EventName as Name


@dataclass(frozen=True, slots=True)
class Columns:
    """What becomes of the columns of one table.

    Attributes:
        told: in the event of whatever wrote the row.
        kept_back: personal or secret.
        derived: from other rows, or of how far a machine is.
        by: the events that tell a row of the table, each at least one; no others do.
    """

    told: tuple[str, ...]
    kept_back: tuple[str, ...]
    derived: tuple[str, ...]
    by: tuple[Name, ...]


def _table(told: str, *by: Name, kept_back: str = "", derived: str = "") -> Columns:
    return Columns(tuple(told.split()), tuple(kept_back.split()), tuple(derived.split()), by)


def _derived(columns: str) -> Columns:
    return _table("", derived=columns)


_STEP = "stage name quorum remind_after remind_every escalate_after escalate_to_id"
_RULE = "id organisation_id purposes channels territories person_classes version"

TABLES: dict[str, Columns] = {
    "accounts_organisation": _table("id", Name.ORGANISATION_ADDED, kept_back="name"),
    "accounts_user": _table(
        "id organisation_id is_active",
        *(Name.USER_ADDED, Name.USER_DEACTIVATED, Name.USER_REACTIVATED),
        kept_back="email name password",
        derived="last_login",
    ),
    "accounts_membership": _table(
        "id user_id role granted_at granted_by_id valid_until", Name.ROLE_GRANTED
    ),
    "accounts_membershipend": _table(
        "id membership_id ended_at ended_by_id", Name.ROLE_REVOKED, Name.ROLE_EXPIRED
    ),
    "accounts_strongauthentication": _table(
        "id user_id method totp_step authenticated_at",
        Name.CONFIRMED,
        kept_back="sign_in",  # of a token it is how the token begins
    ),
    "accounts_invitation": _table(
        "id organisation_id role role_until language invited_by_id invited_at expires_at",
        Name.INVITATION_SENT,
        kept_back="token_hash",
    ),
    "accounts_invitationaddress": _table("", kept_back="email", derived="invitation_id"),
    "accounts_invitationend": _table(
        "id invitation_id kind user_id ended_at",
        *(Name.INVITATION_ACCEPTED, Name.INVITATION_REVOKED, Name.INVITATION_EXPIRED),
    ),
    "likenesses_person": _table(
        "id organisation_id user_id person_class majority_at created_at",
        Name.PERSON_ADDED,
        kept_back="written_name",
    ),
    "likenesses_guardianship": _table(
        "id person_id guardian_id relation evidence_sha256 evidence_media_type submitted_at",
        Name.GUARDIANSHIP_SUBMITTED,
    ),
    "likenesses_guardianshipdecision": _table(
        "id guardianship_id guardian_id reviewer_id verified decided_at valid_until",
        Name.GUARDIANSHIP_DECIDED,
    ),
    "likenesses_guardianshipend": _table(
        "id guardianship_id ended_by_id ended_at", Name.GUARDIANSHIP_ENDED
    ),
    "likenesses_likeness": _table(
        "id person_id portrait_sha256 portrait_size portrait_media_type added_by_id added_at",
        Name.LIKENESS_ADDED,
        kept_back="label",
    ),
    "likenesses_voice": _table(
        "id person_id sample_sha256 sample_size sample_media_type added_by_id added_at",
        Name.VOICE_ADDED,
        kept_back="label",
    ),
    "likenesses_measurement": _table(
        "id verdict measured_at likeness_id", Name.LIKENESS_MEASURED, kept_back="findings facts"
    ),
    "likenesses_samplemeasurement": _table(
        "id verdict measured_at voice_id", Name.SAMPLE_MEASURED, kept_back="findings facts"
    ),
    "identity_identitycheck": _table(
        "id person_id method evidence_sha256 evidence_media_type submitted_by_id submitted_at",
        Name.IDENTITY_SUBMITTED,
    ),
    "identity_identitydecision": _table(
        "id check_made_id submitted_by_id reviewer_id verified decided_at valid_until",
        Name.IDENTITY_DECIDED,
        kept_back="note",
    ),
    "identity_biometricconsent": _table(
        "id person_id granted_by_id granted_at valid_until destroy_by record_digest",
        Name.BIOMETRIC_GRANTED,
        kept_back="record receipt",
    ),
    "identity_biometricwithdrawal": _table(
        "id consent_id withdrawn_by_id withdrawn_at", Name.BIOMETRIC_WITHDRAWN
    ),
    "identity_identitychallenge": _table(
        "id person_id likeness_id consent_id document_sha256 document_size issued_at expires_at",
        Name.CHALLENGE_ISSUED,
        kept_back="session_digest document",
    ),
    "identity_remoteattempt": _table(
        "id check_made_id challenge_id sealed_sha256 size",
        Name.IDENTITY_SUBMITTED,
        kept_back="camera prompted",
    ),
    "identity_remotemeasurement": _table(
        "id check_made_id verdict measured_at", Name.IDENTITY_MEASURED, kept_back="findings facts"
    ),
    "identity_assurancerequest": _table(
        "id person_id asked_by_id provider issued_at expires_at",
        Name.ASSURANCE_ASKED,
        kept_back="session_digest",
    ),
    "identity_assuranceanswer": _table(
        "id check_made_id request_id issuer framework level verified_at evidence token_sha256",
        Name.IDENTITY_SUBMITTED,
        kept_back="claims",
    ),
    "identity_recordingdestruction": _table(
        "id attempt_id reason destroyed_at", Name.RECORDING_DESTROYED
    ),
    "consents_consent": _table(
        "id likeness_id voice_id controller_id granted_by_id purposes channels territories"
        " languages permitted_changes valid_from valid_until granted_at record_digest",
        *(Name.CONSENT_GRANTED, Name.CONSENT_NARROWED),
        kept_back="ai_label record receipt",
    ),
    "consents_withdrawal": _table(
        "id consent_id withdrawn_by_id withdrawn_at", Name.CONSENT_WITHDRAWN, kept_back="reason"
    ),
    "consents_supersession": _table(
        "id consent_id successor_id superseded_at", Name.CONSENT_NARROWED
    ),
    "approvals_rulechange": _table(
        "id organisation_id kind policy_id forbidden_use_id proposed_by_id proposed_at"
        " effective_from",
        *(Name.POLICY_ADDED, Name.USE_FORBIDDEN, Name.RULE_PROPOSED),
    ),
    "approvals_rulechangedecision": _table(
        "id change_id accepted decided_by_id decided_at",
        *(Name.POLICY_ADDED, Name.USE_FORBIDDEN, Name.RULE_CONFIRMED, Name.RULE_DECLINED),
        kept_back="sign_in",
    ),
    "approvals_policy": _table(
        f"{_RULE} name priority reviewers", Name.POLICY_ADDED, Name.RULE_PROPOSED
    ),
    "approvals_policystep": _table(
        f"id policy_id {_STEP}",
        Name.POLICY_ADDED,
        Name.RULE_PROPOSED,
    ),
    "approvals_forbiddenuse": _table(
        f"{_RULE} rule",
        *(Name.USE_FORBIDDEN, Name.RULE_PROPOSED),
        kept_back="reason_en reason_ja",  # whatever an administrator wrote
    ),
    "approvals_workflow": _table(
        "id subject_id subject_digest person_id organisation_id requester_id depicted_id"
        " speaking_id speaker_id policies reviewers purpose channels territories person_class"
        " opened_at expires_at",
        Name.WORKFLOW_OPENED,
    ),
    "approvals_workflowstep": _table(
        f"id workflow_id {_STEP}",
        Name.WORKFLOW_OPENED,
    ),
    "approvals_notice": _table(
        "id step_id kind number approver_id recipient_id made_at",
        *(Name.REMINDER_SENT, Name.ESCALATED, Name.ESCALATION_REPORTED),
        derived="mailed_at",
    ),
    "approvals_delegation": _table(
        "id organisation_id from_user_id to_user_id valid_from valid_until",
        *(Name.DELEGATION_ADDED, Name.DELEGATION_ENDED),
    ),
    "approvals_decision": _table(
        "id step_id workflow_id requester_id depicted_id speaker_id approver_id delegate_id"
        " verdict subject_digest decided_at",
        Name.DECISION_RECORDED,
        kept_back="comment sign_in",
    ),
    "approvals_review": _table(
        "id workflow_id reviewer_id accepted file_sha256 decided_at",
        Name.REVIEW_RECORDED,
        kept_back="comment sign_in",
    ),
    "productions_production": _table(
        "id organisation_id requester_id likeness_id consent_id speaker_id voice_consent_id"
        " voice_origin voice_engine purpose channels territories language engine weights_sha256"
        " width height fps seed voice_sha256 voice_size voice_media_type label_sha256"
        " captions_sha256 background_sha256 background_size background_media_type made_from_id"
        " asset_id request_digest state"
        " created_at",
        *(Name.PRODUCTION_CREATED, Name.PRODUCTION_SUBMITTED, Name.PRODUCTION_APPROVED),
        *(Name.PRODUCTION_REJECTED, Name.RENDERING_RECEIVED, Name.PRODUCTION_SEALED),
        *(Name.PRODUCTION_REVIEWING, Name.PRODUCTION_RELEASED, Name.PRODUCTION_CANCELLED),
        *(Name.PRODUCTION_STOPPED, Name.PRODUCTION_FAILED),
        kept_back="title prompt transcript heard label salt request problem",
        derived="seal_sent_at changed_at",
    ),
    "productions_voicemeasurement": _table(
        "id production_id voice_sha256 verdict measured_at",
        Name.VOICE_MEASURED,
        kept_back="findings facts",
    ),
    "productions_lipsmeasurement": _table(
        "id rendering_id job_id file_sha256 outcome facts measured_at", Name.LIPS_MEASURED
    ),
    "productions_rendering": _table(
        "id production_id permit_id file_sha256 size received_at",
        Name.RENDERING_RECEIVED,
        kept_back="result",
    ),
    "productions_endcarriedout": _derived("id consent_id done_at"),
    "previews_preview": _table(
        "id subject_id subject_digest organisation_id consent_id requested_by_id asset_id"
        " requested_at expires_at",
        Name.PREVIEW_REQUESTED,
    ),
    "previews_previewupload": _derived("id preview_id file_sha256 announced_at"),
    "previews_previewfile": _table(
        "id preview_id permit_id file_sha256 size received_at",
        Name.PREVIEW_RECEIVED,
        kept_back="result",
    ),
    "previews_previewreading": _table(
        "id file_id asset_id frames asset_frames read_at", Name.PREVIEW_READ
    ),
    "previews_previewviewing": _table("id preview_id user_id viewed_at", Name.PREVIEW_VIEWED),
    "previews_previewend": _table("id preview_id reason ended_at", Name.PREVIEW_ENDED),
    "previews_previewdestruction": _table("id preview_id destroyed_at", Name.PREVIEW_DESTROYED),
    "dispatch_job": _table(
        "id kind queue subject_id person_id organisation_id request_digest asset_id state fence"
        " deliveries worker created_at finished_at",
        *(Name.JOB_QUEUED, Name.PERMIT_ISSUED, Name.PERMIT_USED, Name.JOB_RECLAIMED),
        Name.JOB_FAILED,
        kept_back="spec error lease_hash",
        derived="progress stage lease_until sent_at",
    ),
    "dispatch_issuedpermit": _table(
        "id job_id fence issued_at expires_at", Name.PERMIT_ISSUED, kept_back="token"
    ),
    "dispatch_permituse": _table("id permit_id used_at", Name.PERMIT_USED),
    "dispatch_permitrevocation": _table("id permit_id reason revoked_at", Name.PERMIT_REVOKED),
    "dispatch_joboutput": _derived("id job_id sha256 announced_at"),
    "releases_sealing": _table(
        "id subject_id asset_id source_sha256 file_sha256 size watermark sealed_at",
        Name.PRODUCTION_SEALED,
    ),
    "releases_removal": _table("id sealing_id removed_at", Name.FILES_DESTROYED),
    "releases_gatereport": _table(
        "id subject_id file_sha256 passed checks checked_at",
        *(Name.PRODUCTION_REVIEWING, Name.PRODUCTION_RELEASED, Name.GATE_FAILED),
    ),
    "releases_release": _table(
        "id subject_id asset_id organisation_id gate_id file_sha256 size released_at",
        Name.PRODUCTION_RELEASED,
    ),
    "releases_fingerprint": _table(
        "id release_id iscc manifest_id manifest_sha256 print_sha256 frames taken_at",
        Name.PRODUCTION_RELEASED,
        derived="iscc_units seconds",  # the manifest names the units; seconds follow from frames
    ),
    "releases_copyreference": _table(
        "id release_id file_sha256 taken_at", Name.PRODUCTION_RELEASED
    ),
    "releases_captions": _table(
        "id release_id file_sha256 size language taken_at", Name.PRODUCTION_RELEASED
    ),
    "releases_printhash": _derived(
        "id fingerprint_id kind view at_ms bits band0 band1 band2 band3"
    ),
    "releases_delivery": _table("id release_id user_id delivered_at", Name.RELEASE_DELIVERED),
    "releases_revocation": _table("id release_id reason revoked_at", Name.RELEASE_REVOKED),
    "lifecycle_legalhold": _table(
        "id person_id organisation_id set_by_id told set_at valid_until",
        Name.HOLD_SET,
        kept_back="reason",
    ),
    "lifecycle_legalholdend": _table("id hold_id ended_by_id ended_at", Name.HOLD_ENDED),
    "lifecycle_erasure": _table(
        "id person_id organisation_id asked_by_id asked_at",
        Name.ERASURE_ASKED,
        kept_back="certificate_hash",
    ),
    "lifecycle_erasurestep": _derived("id erasure_id name count kept done_at"),
    "lifecycle_retentionperiod": _table(
        "id organisation_id kind days set_by_id set_at", Name.RETENTION_SET
    ),
    "lifecycle_disposal": _table(
        "id organisation_id kind object_id due_at disposed_at", Name.RETENTION_DISPOSED
    ),
    "evidence_pack": _table(
        "id production_id organisation_id requested_by_id language with_video requested_at"
        " expires_at",
        Name.PACK_REQUESTED,
    ),
    "evidence_packfile": _derived("id pack_id file_sha256 announced_at"),
    "evidence_packready": _table("id pack_id file_id size tree_size ready_at", Name.PACK_BUILT),
    "evidence_packend": _table("id pack_id reason ended_at", Name.PACK_ENDED),
    "webhooks_endpoint": _table(
        "id organisation_id topics added_by_id added_at",
        Name.WEBHOOK_ADDED,
        kept_back="url secret",  # an address may hold a secret
    ),
    "webhooks_endpointend": _table("id endpoint_id ended_by_id ended_at", Name.WEBHOOK_ENDED),
    "webhooks_resending": _table("id attempt_id asked_by_id asked_at", Name.WEBHOOK_RESENT),
    "webhooks_message": _derived("id endpoint_id topic subject_id payload queued_at"),
    "webhooks_attempt": _derived("id message_id number delivered status problem made_at next_at"),
    "vault_subjectkey": _table(  # a key is made with the first thing it seals: told is its end
        "subject_id destroyed_at",
        *(Name.ERASURE_CARRIED_OUT, Name.WEBHOOK_ENDED),
        kept_back="wrapped",
        derived="wrapped_by made_at",
    ),
    # What readers of the log keep for themselves and delete, and the index they find things by.
    "inspection_watch": _table(
        "",
        kept_back="label asked",
        derived="id organisation_id owner_id terms since until language made_at upto seen mailed"
        " mailed_at",
    ),
    "inspection_watchhit": _derived("id watch_id sequence"),
    "inspection_shown": _derived("id organisation_id reader_id object_id hour"),
    "inspection_posting": _derived("sequence whose occurred_at terms"),
    # The log itself.
    "audit_event": _derived(
        "id name occurred_at actor_id actor_role organisation_id object_type object_id"
        " object_label request_id data canonical written"
    ),
    "audit_leaf": _derived("sequence event_id occurred_at leaf_hash sequenced_at"),
    "audit_waiting": _derived("event_id occurred_at written"),
    "audit_checkpoint": _derived("size root_hash note signed_at"),
    "audit_timestamp": _derived("id checkpoint_id token stamped_at"),
    "audit_cosignature": _derived("id checkpoint_id witness line witnessed_at"),
    "audit_voucher": _derived("name size vouched_at failing_since problem failures retry_at"),
    "audit_selfcheck": _derived("id made_at findings"),
}

# Where a production has come to is told by events of other apps too: their name says the state.
ARRIVALS = {
    Name.PERMIT_ISSUED: "rendering",
    Name.JOB_RECLAIMED: "queued",
    Name.RELEASE_REVOKED: "revoked",
}
# What may change and no event tells it, with the reason. For all else a test fails that calls the
# service (tests/told.py).
UNTOLD: dict[str, dict[str, str]] = {
    "vault_subjectkey": {
        "subject_id": "a key is made with the first thing it seals; told is its end",
        "wrapped": "as subject_id; the operator wraps it anew when the wrapping key changes",
    },
}


def told(rows: Iterable[Model]) -> dict[str, Any]:
    """Return what an event says of the rows that its act wrote, as a part of its data."""
    said = [{"table": row._meta.db_table, "columns": columns_told(row)} for row in rows]
    return {"rows": said} if said else {}


def columns_told(row: Model) -> dict[str, Any]:
    """Return the told columns of a row in the form in which they are logged."""
    fields = {field.column: field for field in row._meta.concrete_fields}
    names = TABLES[row._meta.db_table].told
    return {
        name: _plain(fields[name].to_python(getattr(row, fields[name].attname))) for name in names
    }


def _plain(value: Any) -> Any:
    """Return a value as canonical JSON has it: ids as text, times in UTC."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value

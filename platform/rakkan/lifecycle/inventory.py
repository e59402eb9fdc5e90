"""Where personal data lies: every column that could hold some, and what becomes of it.

A column of text, JSON, bytes or files that nothing here speaks of fails a test: whoever adds one
says whether it is personal, and if it is, how it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from rakkan.vault.fields import SealedJSON, SealedText

_KINDS = (
    *(models.CharField, models.TextField, models.JSONField, models.BinaryField),
    *(models.FileField, models.GenericIPAddressField, ArrayField),
)
_NAMES = {  # columns that mean the same wherever they are
    r"(.*_)?sha256": "a digest of a file",
    r".*_digest|digest": "a digest of a document with random ids and, where it is short, a salt",
    r".*_hash": "a hash of random bytes",
    r"asset_id": "64 random bits that the watermark carries",
    r".*_media_type": "a word of a list",
    r"purposes?|channels|territories|languages?|permitted_changes": "words of a vocabulary",
    r"person_class(es)?": "words of a vocabulary",
    r"engine|method|stage|queue": "a word of the program",
    r"sign_in": "a random name of a session or the public beginning of a token",
}
_COLUMNS = {
    "account_emailaddress.email": "deleted with the account",
    "account_emailconfirmation.key": "deleted with the account; random",
    "accounts_invitationaddress.email": "deleted when the invitation ends, after a week at most",
    "accounts_user.email": "overwritten",
    "accounts_user.name": "overwritten",
    "accounts_user.password": "overwritten; a salted hash",
    "accounts_organisation.name": "not personal: the controller",
    "approvals_forbiddenuse.rule": "not personal: a rule of the organisation",
    "approvals_forbiddenuse.reason_en": "not personal: a rule of the organisation",
    "approvals_forbiddenuse.reason_ja": "not personal: a rule of the organisation",
    "approvals_notice.kind": "not personal: a word of the program",
    "approvals_policy.name": "not personal: a rule of the organisation",
    "approvals_policystep.name": "not personal: a rule of the organisation",
    "approvals_rulechange.kind": "not personal: a word of the program",
    "approvals_workflow.policies": "not personal: names of rules",
    "approvals_workflowstep.name": "not personal: a rule of the organisation",
    "audit_event.name": "not personal: a name of the program",
    "audit_event.actor_id": "kept: the id of an account whose row tells nothing any more",
    "audit_event.actor_role": "not personal: names of roles",
    "audit_event.organisation_id": "not personal: an id",
    "audit_event.object_type": "not personal: a name of the program",
    "audit_event.object_id": "kept: an id whose row tells nothing any more",
    "audit_event.object_label": "not personal: an asset id or a fixed word",
    "audit_event.request_id": "not personal: random",
    "audit_event.data": "kept: ids, digests, codes and words of a vocabulary",
    "audit_event.canonical": "kept: the columns before it in one form",
    "audit_checkpoint.note": "not personal: size, root and signature of the log",
    "audit_cosignature.line": "not personal: a signature",
    "audit_cosignature.witness": "not personal: the name of a witness",
    "audit_selfcheck.findings": "not personal: names of tables and triggers, numbers of events",
    "audit_timestamp.token": "not personal: a time and a signature",
    "audit_voucher.name": "not personal: the name of an authority or witness",
    "audit_voucher.problem": "not personal: what an authority or witness answered",
    "dispatch_job.worker": "not personal: a process",
    "dispatch_permitrevocation.reason": "not personal: a code",
    "django_session.session_key": "deleted with the account; random",
    "django_session.session_data": "deleted with the account; ids",
    "evidence_packend.reason": "not personal: a code",
    "identity_assuranceanswer.evidence": "kept: words of a standard",
    "identity_assuranceanswer.framework": "kept: a word of the provider's rules",
    "identity_assuranceanswer.issuer": "not personal: an identity provider",
    "identity_assuranceanswer.level": "kept: a word of the provider's rules",
    "identity_assurancerequest.provider": "not personal: an identity provider",
    "identity_biometricconsent.record": "kept: ids, moments and the controller, no words of people",
    "identity_biometricconsent.receipt": "kept: the record, signed",
    "identity_identitychallenge.document": "kept: ids, digests, moments and what was asked",
    "identity_recordingdestruction.reason": "not personal: a code",
    "identity_remoteattempt.prompted": "kept: milliseconds",
    "inspection_posting.terms": "kept: hashes of what stands in the log's events",
    "inspection_watch.terms": "as inspection_posting.terms",
    "knox_authtoken.token_key": "deleted with the account; random",
    "mfa_authenticator.data": "deleted with the account",
    "previews_previewend.reason": "not personal: a code",
    "productions_lipsmeasurement.facts": "not personal: how well lips follow a sound, in numbers",
    "productions_lipsmeasurement.outcome": "not personal: a word of the program",
    "productions_production.voice_engine": "not personal: the name of a product",
    "productions_voicemeasurement.verdict": "not personal: a word of the program",
    "releases_fingerprint.iscc": "kept: similarity bits of a whole video, by which a copy of it is "
    "called back; they say nothing of who is in it (0080)",
    "releases_fingerprint.iscc_units": "as releases_fingerprint.iscc",
    "releases_fingerprint.manifest_id": "not personal: a random name",
    "releases_gatereport.checks": "not personal: measurements of marks",
    "releases_revocation.reason": "not personal: a code",
    "releases_sealing.watermark": "not personal: measurements of marks",
    "webhooks_attempt.problem": "not personal: a code",
    "webhooks_endpoint.topics": "not personal: words of the program",
    "webhooks_endpoint.url": "not personal: an address of the organisation",
    "webhooks_message.payload": "not personal: ids, states and codes",
    "socialaccount_socialaccount.extra_data": "deleted with the account",
    "socialaccount_socialaccount.provider": "deleted with the account",
    "socialaccount_socialaccount.uid": "deleted with the account",
    "socialaccount_socialtoken.token": "deleted with the account",
    "socialaccount_socialtoken.token_secret": "deleted with the account",
    "usersessions_usersession.data": "deleted with the account",
    "usersessions_usersession.ip": "deleted with the account",
    "usersessions_usersession.session_key": "deleted with the account; random",
    "usersessions_usersession.user_agent": "deleted with the account",
    "vault_subjectkey.wrapped": "destroyed: that is the erasure",
    "vault_subjectkey.wrapped_by": "not personal: the id of a key",
}
# Tables of packages that hold names and settings of the program.
_PACKAGES = ("auth_", "django_content_type", "socialaccount_socialapp")
_ELSEWHERE = {
    "storage: inputs": "portraits, voices, evidence: deleted, unless somebody else's row names "
    "the same bytes",
    "storage: recordings": "sealed recordings of identity checks: deleted when their purpose ends, "
    "and by an erasure",
    "storage: quarantine": "what workers handed in and what was sealed: deleted",
    "storage: previews": "deleted when the preview ends, and by an erasure",
    "storage: packs": "evidence packs, with words and receipts of people: deleted when their term "
    "ends, and by an erasure of who is seen or heard",
    "storage: prints": "manifests of releases, with a thumbnail of the portrait, and their small "
    "pictures: deleted",
    "storage: releases": "released files: deleted; copies handed out before are out of reach",
    "log lines": "ids and codes; the embedded PostgreSQL logs no row contents",
    "the broker": "ids",
    "messages in the folder of EMAIL_URL": "those to the person: deleted; what a mail server was "
    "given is out of reach",
    "memory of a worker": "the sounds heard in the last four voice tracks: forgotten ten minutes "
    "later, or when the worker ends",
    "temporary folders": "of one job, deleted when it ends; a killed worker's at its next start",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A place and what becomes of what lies there; empty where nobody has said."""

    place: str
    fate: str


def entries() -> list[Entry]:
    """Return every column that could hold something personal, in the order of their tables."""
    return sorted(_columns(), key=lambda entry: entry.place)


def unspoken() -> list[str]:
    """Return the columns of which nobody has said what becomes of them."""
    return [entry.place for entry in entries() if not entry.fate]


def outdated() -> list[str]:
    """Return what is said of columns that are not there."""
    there = {entry.place for entry in entries()}
    return [place for place in _COLUMNS if place not in there]


def document() -> str:
    """Return docs/personal-data.md."""
    lines = [_HEADING, "| where | what becomes of it |", "|---|---|"]
    lines += [f"| `{entry.place}` | {entry.fate} |" for entry in entries()]
    lines += ["", "## Outside the database", "", "| where | what becomes of it |", "|---|---|"]
    lines += [f"| {place} | {fate} |" for place, fate in _ELSEWHERE.items()]
    return "\n".join(lines) + "\n"


def _columns() -> Iterator[Entry]:
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            if isinstance(field, _KINDS) and not field.is_relation:
                yield Entry(f"{table}.{field.column}", _fate(table, field))


def _fate(table: str, field: models.Field[object, object]) -> str:
    if isinstance(field, SealedText | SealedJSON):
        if "&" in field.subject:
            both = " and ".join(f"`{path}`" for path in field.subject.split("&"))
            return f"sealed under the keys of {both}: destroying either ends it"
        return f"sealed under the key of `{field.subject}`, which is destroyed"
    place = f"{table}.{field.column}"
    if place in _COLUMNS:
        return _COLUMNS[place]
    if field.choices:
        return "not personal: one of a fixed list of words"
    for pattern, meaning in _NAMES.items():
        if re.fullmatch(pattern, str(field.column)):
            return f"not personal: {meaning}"
    return "not personal: a name of the program" if table.startswith(_PACKAGES) else ""


_HEADING = """# Where personal data lies

Written by `python manage.py personal_data > docs/personal-data.md`; a test fails where page and
code differ, and where a column of text, JSON, bytes or files is not spoken of in
`platform/rakkan/lifecycle/inventory.py`. What an erasure does is in
[decision 52](decisions/0052-hold-erasure-retention.md), how sealing works in
[decision 51](decisions/0051-a-key-for-each-person.md).
"""

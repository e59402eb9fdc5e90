"""Grant a consent: the depicted person's own act."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from compliance.canonical import digest
from compliance.signing import KeyRole
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.scope import LANGUAGES, TERRITORIES, Change, Channel, Purpose
from rakkan.core.errors import BadInput
from rakkan.core.keys import statement_signer
from rakkan.identity.models import IdentityDecision
from rakkan.identity.selectors import check_identity_is_verified
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.selectors import check_likeness_is_usable
from rakkan.likenesses.services import check_likeness_is_own

_VOCABULARY = {
    "purposes": frozenset(p.value for p in Purpose),
    "channels": frozenset(c.value for c in Channel),
    "territories": frozenset(TERRITORIES),
    "languages": frozenset(LANGUAGES),
    "permitted_changes": frozenset(c.value for c in Change),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the person ticks: words of the vocabulary in ``scope``, a term, the label's words."""

    purposes: list[str]
    channels: list[str]
    territories: list[str]
    languages: list[str]
    permitted_changes: list[str]
    ai_label: str
    valid_from: datetime
    valid_until: datetime


def consent_grant(*, user: User, likeness: Likeness, terms: Terms) -> Consent:
    """Record what the acting person allows with their likeness and sign them a receipt.

    Raises:
        NotPermitted: the likeness shows somebody else.
        Refused: identity not verified, or portrait unusable.
        BadInput: an empty or unknown scope, or a term that does not lie ahead.
    """
    subject = Subject("likeness", str(likeness.pk))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        check_likeness_is_own(user, likeness)
        check_likeness_is_usable(likeness)
        identity = check_identity_is_verified(likeness.person)
        _check_terms(terms)
        consent = _consent_create(user, likeness, terms, identity)
        event_record(
            EventName.CONSENT_GRANTED,
            actor=actor,
            subject=Subject("consent", str(consent.pk)),
            data={"record_digest": consent.record_digest, "likeness": str(likeness.pk)},
        )
    return consent


def _check_terms(terms: Terms) -> None:
    for field, known in _VOCABULARY.items():
        words = getattr(terms, field)
        unknown = sorted(set(words) - known)
        if unknown:
            raise BadInput(
                f"{field}: {', '.join(unknown)} is unknown.",
                code="scope-unknown",
                remedy=f"Choose among: {', '.join(sorted(known))}.",
            )
        if not words and field != "permitted_changes":
            raise BadInput(
                f"{field}: choose at least one.",
                code="scope-empty",
                remedy="A consent without purpose, channel, territory or language allows nothing.",
            )
    if not terms.ai_label.strip():
        raise BadInput("The AI label has no words.", code="label-empty")
    if terms.valid_until <= max(terms.valid_from, timezone.now()):
        raise BadInput(
            "The term must end after it starts, and in the future.",
            code="term-invalid",
            remedy="Choose a later end.",
        )


def _consent_create(
    user: User, likeness: Likeness, terms: Terms, identity: IdentityDecision
) -> Consent:
    consent_id, now = uuid4(), timezone.now()
    record = _record(likeness, terms, identity) | {
        "consent_id": str(consent_id),
        "granted_by": str(user.pk),
        "granted_at": now.isoformat(),
    }
    record_digest = digest(record)
    receipt = statement_signer(KeyRole.RECEIPT).sign(
        {
            "format": "rakkan-consent-receipt/1",
            "consent_id": str(consent_id),
            "record": record,
            "record_digest": record_digest,
        }
    )
    return Consent.objects.create(
        id=consent_id,
        likeness=likeness,
        controller=likeness.person.organisation,
        granted_by=user,
        purposes=sorted(set(terms.purposes)),
        channels=sorted(set(terms.channels)),
        territories=sorted(set(terms.territories)),
        languages=sorted(set(terms.languages)),
        permitted_changes=sorted(set(terms.permitted_changes)),
        ai_label=terms.ai_label.strip(),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        granted_at=now,
        record=record,
        record_digest=record_digest,
        receipt=receipt,
    )


def _record(likeness: Likeness, terms: Terms, identity: IdentityDecision) -> dict[str, Any]:
    """Return the consent record; names follow ISO/IEC TS 27560 where it has one."""
    return {
        "schema_version": "rakkan-consent/1",
        "pii_controller": likeness.person.organisation.name,
        "pii_principal": str(likeness.person_id),
        "likeness": {"id": str(likeness.pk), "portrait_sha256": likeness.portrait_sha256},
        "identity": {
            "decision": str(identity.pk),
            "method": identity.check_made.method,
            "evidence_sha256": identity.check_made.evidence_sha256,
            "valid_until": identity.valid_until.isoformat(),
        },
        "purposes": sorted(set(terms.purposes)),
        "channels": sorted(set(terms.channels)),
        "territories": sorted(set(terms.territories)),
        "languages": sorted(set(terms.languages)),
        "permitted_changes": sorted(set(terms.permitted_changes)),
        "ai_label": terms.ai_label.strip(),
        "validity": {
            "from": terms.valid_from.isoformat(),
            "until": terms.valid_until.isoformat(),
        },
        "withdrawal": "at any time, in the depicted person's own account, with one click",
    }

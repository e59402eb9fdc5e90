"""Write the consent row with its ISO/IEC TS 27560 record and signed receipt."""

from uuid import UUID

from django.utils import timezone

from compliance.canonical import digest
from compliance.receipt import ConsentTerms, receipt_statement, write_record
from compliance.signing import KeyRole
from rakkan.accounts.models import User
from rakkan.consents.models import Consent
from rakkan.consents.services.terms import Terms, words_of
from rakkan.core.keys import statement_signer
from rakkan.identity.models import IdentityDecision
from rakkan.likenesses.models import Likeness

_WITHDRAWAL = "at any time, in the depicted person's own account, with one click"


def consent_create(
    *,
    user: User,
    likeness: Likeness,
    terms: Terms,
    identity: IdentityDecision,
    supersedes: UUID | None = None,
) -> Consent:
    """Write a new consent in the caller's transaction; the receipt key signs what it says.

    Args:
        user: the depicted person.
        likeness: of theirs.
        terms: checked.
        identity: the decision that verifies them.
        supersedes: the wider consent that this one narrows.
    """
    row = Consent(
        likeness=likeness,
        controller=likeness.person.organisation,
        granted_by=user,
        **words_of(terms),
        ai_label=terms.ai_label.strip(),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        granted_at=timezone.now(),
    )
    row.record = write_record(_says(row, identity, supersedes))
    row.record_digest = digest(row.record)
    row.receipt = statement_signer(KeyRole.RECEIPT).sign(receipt_statement(row.record))
    row.save(force_insert=True)
    return row


def _says(row: Consent, identity: IdentityDecision, supersedes: UUID | None) -> ConsentTerms:
    return ConsentTerms(
        consent_id=str(row.pk),
        principal=str(row.likeness.person_id),
        controller=row.controller.name,
        controller_id=str(row.controller_id),
        likeness_id=str(row.likeness_id),
        portrait_sha256=row.likeness.portrait_sha256,
        granted_by=str(row.granted_by_id),
        granted_at=row.granted_at.isoformat(),
        purposes=tuple(row.purposes),
        channels=tuple(row.channels),
        territories=tuple(row.territories),
        languages=tuple(row.languages),
        permitted_changes=tuple(row.permitted_changes),
        ai_label=row.ai_label,
        valid_from=row.valid_from.isoformat(),
        valid_until=row.valid_until.isoformat(),
        withdrawal=_WITHDRAWAL,
        identity={
            "decision": str(identity.pk),
            "method": identity.check_made.method,
            "evidence_sha256": identity.check_made.evidence_sha256,
            "valid_until": identity.valid_until.isoformat(),
        },
        supersedes=str(supersedes) if supersedes else "",
    )

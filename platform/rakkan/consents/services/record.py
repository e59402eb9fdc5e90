"""Write the consent row with its ISO/IEC TS 27560 record and signed receipt."""

from datetime import timedelta

from django.utils import timezone

from compliance.canonical import digest
from compliance.receipt import ConsentTerms, receipt_statement, write_record
from compliance.receipt.terms import LIKENESS, VOICE
from compliance.signing import KeyRole
from rakkan.accounts.models import User
from rakkan.consents.models import Consent
from rakkan.consents.services.terms import Terms, words_of
from rakkan.core.keys import statement_signer
from rakkan.identity.models import IdentityDecision
from rakkan.likenesses.models import Likeness, Trait

_WITHDRAWAL = "at any time, in the person's own account, with one click"


def consent_create(
    *,
    user: User,
    trait: Trait,
    terms: Terms,
    identity: IdentityDecision,
    supersedes: Consent | None = None,
) -> Consent:
    """Write a new consent in the caller's transaction; the receipt key signs what it says.

    Args:
        user: the person.
        trait: their likeness or voice.
        terms: checked.
        identity: the decision that verifies them.
        supersedes: the wider consent that this one narrows.
    """
    now = timezone.now()
    if supersedes is not None:  # the newest counts, whatever became of the clock in between
        now = max(now, supersedes.granted_at + timedelta(microseconds=1))
    row = Consent(
        likeness=trait if isinstance(trait, Likeness) else None,
        voice=None if isinstance(trait, Likeness) else trait,
        controller=trait.person.organisation,
        granted_by=user,
        **words_of(terms),
        ai_label=terms.ai_label.strip(),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        granted_at=now,
    )
    row.record = write_record(_says(row, identity, supersedes))
    row.record_digest = digest(row.record)
    row.receipt = statement_signer(KeyRole.RECEIPT).sign(receipt_statement(row.record))
    row.save(force_insert=True)
    return row


def target_of(trait: Trait) -> str:
    """Return what a record calls the kind of thing that it is about."""
    return LIKENESS if isinstance(trait, Likeness) else VOICE


def _says(row: Consent, identity: IdentityDecision, supersedes: Consent | None) -> ConsentTerms:
    trait = row.trait
    sha256 = trait.portrait_sha256 if isinstance(trait, Likeness) else trait.sample_sha256
    return ConsentTerms(
        consent_id=str(row.pk),
        principal=str(trait.person_id),
        controller=row.controller.name,
        controller_id=str(row.controller_id),
        target=target_of(trait),
        target_id=str(trait.pk),
        target_sha256=sha256,
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
        supersedes=str(supersedes.pk) if supersedes else "",
    )

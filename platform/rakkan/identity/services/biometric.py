"""Consent to biometric matching: given explicitly, before any comparison; withdrawn at any time."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.canonical import digest
from compliance.receipt import BiometricTerms, biometric_statement, write_biometric
from compliance.signing import KeyRole
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, Refused
from rakkan.core.keys import statement_signer
from rakkan.identity.models import BiometricConsent, BiometricWithdrawal
from rakkan.identity.selectors import biometric_consent_get
from rakkan.likenesses.guardians import check_acts_alone
from rakkan.likenesses.leaving import check_not_leaving
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import person_for

_WITHDRAWAL = "at any time, in the person's own account, with one click"


def biometric_consent_grant(
    *, user: User, agreed: bool, person_id: UUID | None = None
) -> BiometricConsent:
    """Record the acting person's explicit consent and sign them a receipt.

    Args:
        user: who consents.
        agreed: whether they said yes to this by itself.
        person_id: themself without it; for somebody else it is refused (decision 64).

    Raises:
        NotPermitted: the account is not a depicted person's, or they are a minor.
        Refused: it is about somebody else, or their erasure was asked for.
        BadInput: they did not say yes.
    """
    subject = Subject("biometric_consent", "", "new consent")
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        person = person_for(user=user, person_id=person_id)
        if person.user_id != user.pk:
            raise _not_for_others()
        check_acts_alone(person)
        check_not_leaving(person)
        if agreed is not True:
            raise BadInput(
                "This consent is given explicitly or not at all.",
                code="biometric-consent-not-explicit",
                remedy="Say yes to it by itself, or leave it.",
            )
        consent = _create(user, person)
        event_record(
            EventName.BIOMETRIC_GRANTED,
            actor=actor,
            subject=Subject("biometric_consent", str(consent.pk)),
            data={
                "record_digest": consent.record_digest,
                "destroy_by": consent.destroy_by.isoformat(),
            },
            rows=[consent],
        )
    return consent


def biometric_consent_withdraw(*, user: User, consent_id: UUID | str) -> BiometricConsent:
    """Withdraw the acting person's consent to biometric matching: this and any other live one.

    Raises:
        NotFound: it is somebody else's, or there is none.
    """
    subject = Subject("biometric_consent", str(consent_id))
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        consent = biometric_consent_get(user, consent_id)
        rows = BiometricConsent.objects.select_for_update().filter(person=consent.person)
        for row in rows.order_by("-granted_at"):
            _withdraw(user, row)
    return biometric_consent_get(user, consent_id)


@transaction.atomic
def biometric_consents_end(*, person: Person, user: User) -> int:
    """Withdraw every consent of a person to biometric matching; return how many there were."""
    rows = BiometricConsent.objects.select_for_update(of=("self",)).filter(
        person=person, withdrawal=None
    )
    consents = list(rows)
    for row in consents:
        _withdraw(user, row)
    return len(consents)


def _withdraw(user: User, consent: BiometricConsent) -> None:
    row, made = BiometricWithdrawal.objects.get_or_create(
        consent=consent, defaults={"withdrawn_by": user, "withdrawn_at": timezone.now()}
    )
    if made:
        subject = Subject("biometric_consent", str(consent.pk))
        event_record(
            EventName.BIOMETRIC_WITHDRAWN, actor=user_actor(user), subject=subject, rows=[row]
        )


def _not_for_others() -> Refused:
    return Refused(
        "A face or voice is compared only for who agrees to that themself.",
        code="biometric-not-for-others",
        remedy="Hand in evidence of whom you act for; an approver compares their voice by ear.",
        status=403,
    )


def _create(user: User, person: Person) -> BiometricConsent:
    now = timezone.now()
    end = now + timedelta(days=settings.RAKKAN_BIOMETRIC_DAYS)
    row = BiometricConsent(
        person=person, granted_by=user, granted_at=now, valid_until=end, destroy_by=end
    )
    row.record = write_biometric(
        BiometricTerms(
            consent_id=str(row.pk),
            principal=str(person.pk),
            controller=person.organisation.name,
            controller_id=str(person.organisation_id),
            granted_by=str(user.pk),
            granted_at=now.isoformat(),
            valid_from=now.isoformat(),
            valid_until=end.isoformat(),
            destroy_by=end.isoformat(),
            withdrawal=_WITHDRAWAL,
        )
    )
    row.record_digest = digest(row.record)
    row.receipt = statement_signer(KeyRole.RECEIPT).sign(biometric_statement(row.record))
    row.save(force_insert=True)
    return row

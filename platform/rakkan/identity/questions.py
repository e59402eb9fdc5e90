"""What a person asks of an identity provider, and what is kept of its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.core.errors import Refused
from rakkan.identity.assurance import Vouched
from rakkan.identity.attempts import session_digest
from rakkan.identity.models import AssuranceAnswer, AssuranceRequest, IdentityCheck
from rakkan.likenesses.models import Person

_TOKEN = "application/jwt"  # noqa: S105  the type of what the digest is of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser's session keeps while the person is at the provider."""

    request_id: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assurance:
    """An answer that was believed, and which question it is to."""

    request_id: UUID
    session: str = field(repr=False)
    vouched: Vouched


def question_of(user: User, request_id: UUID | str | None, session: str) -> AssuranceRequest:
    """Return what this account has asked in this session and nobody has answered.

    Of two answers at the same time a unique constraint takes one.

    Args:
        user: who asked, for themself.
        request_id: which question; None if the session knows of none.
        session: the key of the browser's session.

    Raises:
        Refused: there is none, it is over, or it was answered.
    """
    rows = AssuranceRequest.objects.filter(asked_by=user)
    found = rows.filter(pk=request_id).first() if request_id else None
    if found is None or found.session_digest != session_digest(session):
        raise _refused("unknown", "No identity provider was asked from here.")
    # By a clock that was set back since then it would live for longer.
    if not found.issued_at <= timezone.now() < found.expires_at:
        raise _refused("expired", "The provider has answered too late.")
    if AssuranceAnswer.objects.filter(request=found).exists():
        raise _refused("used", "The provider has answered before.")
    return found


def assurance_keep(user: User, method: str, person: Person, answer: Assurance) -> IdentityCheck:
    """Store what a provider vouches for; use up the question.

    Raises:
        Refused: the question is another's, is over or was answered; or the token was used before.
    """
    request = question_of(user, answer.request_id, answer.session)
    vouched = answer.vouched
    check = IdentityCheck.objects.create(
        person=person,
        method=method,
        evidence_sha256=vouched.token_sha256,  # of a signed token: nobody guesses what is in it
        evidence_media_type=_TOKEN,
        submitted_by=user,
    )
    try:
        with transaction.atomic():
            AssuranceAnswer.objects.create(
                check_made=check,
                request=request,
                issuer=vouched.issuer,
                framework=vouched.framework,
                level=vouched.level,
                verified_at=vouched.verified_at,
                evidence=list(vouched.evidence),
                token_sha256=vouched.token_sha256,
                claims=vouched.claims,
            )
    except IntegrityError as error:
        raise _refused("used", "The provider has answered before.") from error
    return check


def _refused(step: str, message: str) -> Refused:
    remedy = "Start again from your identity checks."
    return Refused(message, code=f"assurance-{step}", remedy=remedy)

"""Send a person to an identity provider, and take what it answers."""

from __future__ import annotations

import hmac
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotFound, Refused
from rakkan.identity.assurance import Expected, Relying, Vouched, answer_check
from rakkan.identity.attempts import session_digest
from rakkan.identity.models import AssuranceRequest, IdentityCheck
from rakkan.identity.oidc import answer_fetch, question_make
from rakkan.identity.providers import VERIFIED_CLAIMS
from rakkan.identity.questions import Asked, Assurance, question_of
from rakkan.identity.selectors import identity_providers
from rakkan.identity.services.check import identity_submit
from rakkan.likenesses.services import person_ensure

LIFETIME = timedelta(minutes=30)  # at a provider one may have to fetch a card or a telephone


@dataclass(frozen=True, slots=True)
class Returned:
    """With what a browser comes back from the provider."""

    session: str = field(repr=False)
    asked: Asked | None  # what the session kept
    state: str = field(repr=False)
    code: str = field(repr=False)
    callback: str  # the address it came back to


def assurance_ask(*, user: User, provider: str, session: str, callback: str) -> tuple[str, Asked]:
    """Note that the acting person asks a provider; return where to send them, and what to keep.

    Args:
        user: the depicted person, for themself.
        provider: its name in the operator's file.
        session: the key of the browser's session.
        callback: where the provider sends the browser back to.

    Raises:
        NotPermitted: the account is not a depicted person's.
        NotFound: their organisation has no such provider.
        Unavailable: the provider cannot be asked.
    """
    with _refusals(user, provider):
        check_user_has_role(user, Role.DEPICTED_PERSON)
        relying = _relying(user, provider)
    address, question = question_make(relying, callback)
    with _refusals(user, provider):
        person, now = person_ensure(user=user), timezone.now()
        request = AssuranceRequest.objects.create(
            person=person,
            asked_by=user,
            provider=provider,
            session_digest=session_digest(session),
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        event_record(
            EventName.ASSURANCE_ASKED,
            actor=user_actor(user),
            subject=Subject("identity_question", str(request.pk)),
            data={"provider": provider},
            rows=[request],
        )
    return address, Asked(str(request.pk), question.state, question.nonce, question.verifier)


def assurance_answer(*, user: User, provider: str, returned: Returned) -> IdentityCheck:
    """Take a provider's answer: checked, sealed, and left to a reviewer.

    1. The account has asked in this session, not long ago, and was not answered.
    2. Provider and state are those of the question (RFC 6749, section 10.12; RFC 9700, 4.4).
    3. The provider gave a code, and takes it back with our proof (RFC 7636).
    4. What it says holds: the steps of :func:`rakkan.identity.assurance.answer_check`.
    5. Question and token count once, by constraints.

    Raises:
        Refused: a step fails; the event says which.
        Unavailable: the provider cannot be asked.
    """
    with _refusals(user, provider):
        check_user_has_role(user, Role.DEPICTED_PERSON)
        relying = _relying(user, provider)
        asked = returned.asked
        request = question_of(user, asked.request_id if asked else None, returned.session)  # 1
        same = request.provider == provider
        if not asked or not same or not hmac.compare_digest(asked.state, returned.state):  # 2
            raise _refused("state", "This is not what the provider was asked from here.")
        if not returned.code:  # 3
            raise _refused("denied", "The provider did not say who you are.")
    try:  # outside of a transaction: the provider may take its time
        vouched = _vouched(relying, asked, returned)  # 3, 4
    except Refused:
        with _refusals(user, provider):
            raise
    return identity_submit(  # 5
        user=user,
        evidence=None,
        method=VERIFIED_CLAIMS,
        attempt=Assurance(request.pk, returned.session, vouched),
    )


def _vouched(relying: Relying, asked: Asked, returned: Returned) -> Vouched:
    answer = answer_fetch(
        relying, code=returned.code, verifier=asked.verifier, callback=returned.callback
    )
    expected = Expected(
        issuer=answer.issuer,
        client_id=relying.client_id,
        nonce=asked.nonce,
        accepted=relying.accepted,
        now=timezone.now(),
    )
    return answer_check(expected, answer.keys, id_token=answer.id_token, userinfo=answer.userinfo)


def _relying(user: User, provider: str) -> Relying:
    found: Any = {one.id: one for one in identity_providers(user)}.get(provider)
    if found is None:
        raise NotFound(f"There is no identity provider {provider[:50]}.")
    relying: Relying = found.relying
    return relying


def _refusals(user: User, provider: str) -> AbstractContextManager[None]:
    known = provider in settings.RAKKAN_PROVIDERS  # what somebody typed is not kept
    return refusal_recorded(
        EventName.IDENTITY_REFUSED,
        actor=user_actor(user),
        subject=Subject("identity_check", "", "new check"),
        data={"provider": provider if known else ""},
    )


def _refused(step: str, message: str) -> Refused:
    remedy = "Start again from your identity checks."
    return Refused(message, code=f"assurance-{step}", remedy=remedy)

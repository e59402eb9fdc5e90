"""Ask a person to do four things before their camera, in a random order, at random times."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from compliance.canonical import canonical_json
from compliance.permit import Action, Challenge, Prompt
from compliance.permit.challenge import ACTIONS_ASKED, TURNS
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.blobs import Area, blob_put
from rakkan.core.errors import NotFound
from rakkan.identity.attempts import session_digest
from rakkan.identity.models import BiometricConsent, IdentityChallenge
from rakkan.identity.selectors import check_biometric_consent
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.selectors import likeness_get

_LEAD, _WINDOW, _TAIL = 2.0, 3.0, 0.5  # s
_MOST_PAUSE = 800  # ms between two prompts, random
_LIMIT = 10_000  # bytes of the document
_random = secrets.SystemRandom()


def challenge_issue(*, user: User, likeness_id: UUID | str, session: str) -> IdentityChallenge:
    """Make a challenge for the acting person, one of their portraits and this session.

    Raises:
        NotPermitted: the account is not a depicted person's.
        NotFound: the portrait is not theirs.
        Refused: they have not consented to biometric matching.
    """
    subject = Subject("identity_challenge", "", "new challenge")
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        likeness = likeness_get(user, likeness_id)
        if likeness.person.user_id != user.pk:
            raise NotFound(f"There is no likeness {likeness_id}.")
        consent = check_biometric_consent(likeness.person)
        challenge = _create(likeness, consent, session)
        event_record(
            EventName.CHALLENGE_ISSUED,
            actor=actor,
            subject=Subject("identity_challenge", str(challenge.pk)),
            data={"likeness": str(likeness.pk), "document_sha256": challenge.document_sha256},
            rows=[challenge],
        )
    return challenge


def _create(likeness: Likeness, consent: BiometricConsent, session: str) -> IdentityChallenge:
    challenge_id, now = uuid4(), timezone.now()
    document = challenge_draw().to_dict() | {
        "challenge": str(challenge_id),
        "person": str(likeness.person_id),
        "portrait": likeness.portrait_sha256,
        "session": session_digest(session),
        "nonce": secrets.token_hex(16),
    }
    blob = blob_put(Area.INPUTS, [canonical_json(document)], limit=_LIMIT)
    return IdentityChallenge.objects.create(
        pk=challenge_id,
        person=likeness.person,
        likeness=likeness,
        consent=consent,
        session_digest=session_digest(session),
        document=document,
        document_sha256=blob.sha256,
        document_size=blob.size,
        issued_at=now,
        expires_at=now + timedelta(seconds=settings.RAKKAN_CHALLENGE_SECONDS),
    )


def challenge_draw() -> Challenge:
    """Return four different actions, at least one a turn, in a random order with random pauses."""
    while True:
        actions = _random.sample(list(Action), ACTIONS_ASKED)
        if TURNS & set(actions):
            break
    at, prompts = _LEAD, []
    for action in actions:
        at = round(at + _random.randrange(_MOST_PAUSE) / 1000, 3)
        prompts.append(Prompt(action, at, round(at + _WINDOW, 3)))
        at = prompts[-1].end
    return Challenge(tuple(prompts), round(at + _TAIL, 3))

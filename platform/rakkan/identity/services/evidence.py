"""Let a reviewer look at evidence: each look is in the log before the first byte leaves."""

import io
import json
from dataclasses import dataclass, field
from typing import IO
from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound
from rakkan.identity.attempts import recording_open
from rakkan.identity.models import AssuranceAnswer, IdentityCheck, RemoteAttempt


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that a reviewer is about to be shown."""

    check: IdentityCheck
    stream: IO[bytes] = field(repr=False)
    size: int  # bytes


def evidence_view(*, user: User, check_id: UUID | str) -> Evidence:
    """Return the evidence that the acting reviewer is about to be shown, unsealed if it is sealed.

    Of verified claims it is the claims, as JSON.

    Raises:
        NotPermitted: the account is not a reviewer's.
        NotFound: no such check in the reviewer's organisation.
        Refused: it is a recording that was destroyed.
    """
    subject = Subject("identity_check", str(check_id))
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.IDENTITY_REVIEWER)
        check = IdentityCheck.objects.filter(
            pk=check_id, person__organisation=user.organisation_id
        ).first()
        if check is None:
            raise NotFound(f"There is no identity check {check_id}.")
        event_record(
            EventName.EVIDENCE_VIEWED,
            actor=actor,
            subject=subject,
            data={"evidence_sha256": check.evidence_sha256},
        )
        return _opened(check)


def _opened(check: IdentityCheck) -> Evidence:
    if RemoteAttempt.objects.filter(check_made=check).exists():
        content = recording_open(check)
        return Evidence(check, io.BytesIO(content), len(content))
    answer = AssuranceAnswer.objects.filter(check_made=check).first()
    if answer is not None:
        content = json.dumps(answer.claims, ensure_ascii=False).encode()
        return Evidence(check, io.BytesIO(content), len(content))
    stream = blob_open(Area.INPUTS, check.evidence_sha256)
    return Evidence(check, stream, stream.size)

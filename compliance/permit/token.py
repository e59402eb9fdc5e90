"""The permit: a short-lived signed statement that one worker may do one job once.

The platform mints it at claim time, after it has asked the consent again; the worker
verifies it itself with public keys only, before it touches an input.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from compliance.errors import PermitInvalid, SignatureInvalid
from compliance.permit.spec import JobKind, JobSpec
from compliance.signing import StatementSigner, StatementVerifier

FORMAT = "rakkan-permit/1"
_CLOCK_SKEW = timedelta(seconds=30)  # two hosts' clocks may differ; a permit lives for minutes


@dataclass(frozen=True, slots=True)
class Permit:
    """What a permit says, after its signature was checked."""

    permit_id: str
    kind: JobKind
    job_id: str
    subject_id: str  # the production (render) or the measured object (measure)
    request_digest: str  # what the approvers decided on; for a measure job the spec's own digest
    spec: JobSpec
    spec_digest: str
    asset_id: str  # 16 hexadecimal digits, "" for a measure job
    fence: int  # fencing token: a later lease of the same job has a larger one
    max_seconds: float  # longest audio the worker may process
    issued_at: datetime
    expires_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Return the statement that is signed."""
        return {
            "format": FORMAT,
            "permit_id": self.permit_id,
            "kind": self.kind.value,
            "job_id": self.job_id,
            "subject_id": self.subject_id,
            "request_digest": self.request_digest,
            "spec": self.spec.to_dict(),
            "spec_digest": self.spec_digest,
            "asset_id": self.asset_id,
            "fence": self.fence,
            "max_seconds": self.max_seconds,
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
        }


def permit_issue(permit: Permit, signer: StatementSigner) -> str:
    """Return ``permit`` as a signed statement (compact JWS)."""
    return signer.sign(permit.to_dict())


def permit_verify(
    token: str,
    verifier: StatementVerifier,
    *,
    job_id: str | None = None,
    now: datetime | None = None,
) -> Permit:
    """Return the permit inside ``token`` if it may be acted on now.

    The checks, in order:

    1. A trusted permit key signed it (:meth:`StatementVerifier.verify`).
    2. It is a permit of the format this program knows.
    3. The digest it names is the digest of the specification it carries.
    4. It is for the job that was claimed (``job_id``; skipped when auditing).
    5. It is within its time (``now``; 30 s of clock skew are forgiven).

    Raises:
        PermitInvalid: one of the checks failed; code and message name it.
    """
    try:  # 1
        statement = verifier.verify(token)
    except SignatureInvalid as error:
        raise PermitInvalid(str(error), code="permit-signature") from error
    permit = _read(statement)  # 2
    if permit.spec.digest() != permit.spec_digest:  # 3
        raise PermitInvalid("The permit's digest is not that of its job.", code="permit-digest")
    if job_id is not None and permit.job_id != job_id:  # 4
        raise PermitInvalid(f"The permit is for job {permit.job_id}.", code="permit-other-job")
    moment = now or datetime.now(UTC)  # 5
    if not permit.issued_at - _CLOCK_SKEW <= moment < permit.expires_at + _CLOCK_SKEW:
        raise PermitInvalid(
            f"The permit was valid from {permit.issued_at} to {permit.expires_at}.",
            code="permit-expired",
            remedy="Claim the job again: the platform mints a fresh permit if it still may run.",
        )
    return permit


def _read(statement: dict[str, Any]) -> Permit:
    if statement.get("format") != FORMAT:
        raise PermitInvalid(f"Unknown permit format {statement.get('format')!r}.")
    try:
        values = {k: v for k, v in statement.items() if k != "format"}
        values["kind"] = JobKind(values["kind"])
        values["spec"] = JobSpec.from_dict(values["spec"])
        values["issued_at"] = datetime.fromisoformat(values["issued_at"])
        values["expires_at"] = datetime.fromisoformat(values["expires_at"])
        return Permit(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise PermitInvalid(f"A field of the permit is missing or malformed: {error!r}.") from error

"""The certificate of erasure: what was done when, signed, for a person who has no account now."""

import hashlib
from typing import Any

from compliance.signing import KeyRole
from rakkan.core.errors import NotFound
from rakkan.core.keys import statement_signer
from rakkan.core.tenancy import as_system
from rakkan.lifecycle.models import Erasure
from rakkan.lifecycle.selectors import erasure_is_done

FORMAT = "rakkan-erasure-certificate/1"
KEPT = ["ids of rows", "digests", "the audit log", "asset ids in watermarks", "public status"]


def erasure_certificate(*, secret: str) -> dict[str, Any]:
    """Return how far an erasure is and, once it is done, its signed certificate.

    The signature is deterministic: asked again, the same certificate is returned.

    Raises:
        NotFound: no erasure has this secret.
    """
    with as_system():  # who asks has no account and belongs to nobody
        return _certificate(secret)


def _certificate(secret: str) -> dict[str, Any]:
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    erasure = Erasure.objects.filter(certificate_hash=hashed).first()
    if erasure is None:
        raise NotFound("There is no such erasure.")
    done = {step.name: step for step in erasure.steps.all()}
    statement = {
        "format": FORMAT,
        "erasure": str(erasure.pk),
        "person": str(erasure.person_id),
        "controller": str(erasure.organisation_id),
        "asked_at": erasure.asked_at.isoformat(),
        "steps": [
            {
                "name": step.name,
                "count": step.count,
                "kept_for_others": step.kept,
                "done_at": step.done_at.isoformat(),
            }
            for step in sorted(done.values(), key=lambda row: row.done_at)
        ],
        "kept": KEPT,
    }
    if not erasure_is_done(erasure):
        return {"state": "under way", "steps": statement["steps"], "certificate": None}
    token = statement_signer(KeyRole.RECEIPT).sign(statement)
    return {"state": "done", "statement": statement, "certificate": token}

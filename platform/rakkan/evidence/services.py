"""What proves a production, in one file that `python -m compliance verify` reads."""

import json
from typing import Any
from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.approvals.selectors import decisions_of
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_about
from rakkan.audit.services import event_record, refusal_recorded
from rakkan.core.errors import Refused
from rakkan.dispatch.selectors import permit_used
from rakkan.productions.models import Production
from rakkan.productions.selectors import production_get
from rakkan.productions.services.addresses import status_url
from rakkan.productions.services.covered import pinned_consents
from rakkan.productions.services.transition import subject_of
from rakkan.releases.selectors import release_of
from rakkan.vault.services import Erased

FORMAT = "rakkan-evidence/1"


def evidence_export(*, user: User, production_id: UUID | str) -> dict[str, Any]:
    """Return the evidence of a released production and note who took it.

    Raises:
        NotFound: there is no such production for this user.
        Refused: it is not released: there is nothing to prove yet.
        Erased: the depicted person was erased.
    """
    production = production_get(user, production_id)
    subject = subject_of(production)
    with refusal_recorded(EventName.RELEASE_REFUSED, actor=user_actor(user), subject=subject):
        bundle = _bundle(production)
        event_record(EventName.EVIDENCE_EXPORTED, actor=user_actor(user), subject=subject)
    return bundle


def _bundle(production: Production) -> dict[str, Any]:
    release, permit = release_of(production.pk), permit_used(production.pk)
    if release is None or permit is None:
        raise Refused(
            f"It is {production.state}; evidence is of released productions.",
            code="not-released",
            remedy="Wait until it is released, or look at why it ended.",
        )
    if production.request is None:
        raise Erased(
            "The depicted person was erased: what proved the production is gone with them.",
            remedy="A copy that was exported before verifies as it did.",
        )
    consents = pinned_consents(production)
    return {
        "format": FORMAT,
        "request": production.request,
        "request_digest": production.request_digest,
        "requester": str(production.requester_id),
        "consent": {"receipt": consents.likeness.receipt},
        "voice_consent": {"receipt": consents.voice.receipt},
        "voice_measurement": _voice_measurement(production),
        "approvals": _approvals(production),
        "permit": permit.token,
        "result": production.rendering.result,
        "gate": {"checks": release.gate.checks},
        "release": {
            "asset_id": release.asset_id,
            "file_sha256": release.file_sha256,
            "size": release.size,
            "released_at": release.released_at.isoformat(),
        },
        "status_url": status_url(release.asset_id),
        "events": [_event(event) for event in _events(production)],
    }


def _voice_measurement(production: Production) -> dict[str, Any]:
    """Return what approvers saw of the voice: verdict, and how it compared with the sample."""
    measured = production.voice_measurement
    return {"verdict": measured.verdict, "voice_match": measured.facts.get("voice_match")}


def _approvals(production: Production) -> list[dict[str, Any]]:
    return [
        {
            "step": decision.step.name,
            "approver": str(decision.approver_id),
            "decision": decision.verdict,
            "request_digest": decision.subject_digest,
            "decided_at": decision.decided_at.isoformat(),
            **({"delegate": str(decision.delegate_id)} if decision.delegate_id else {}),
        }
        for decision in decisions_of(production.pk)
    ]


def _events(production: Production) -> list[Event]:
    about = [production.pk, production.likeness_id, production.consent_id]
    about += [production.speaker_id, production.voice_consent_id]
    # A stranger who knocked was refused, and that is in the log: of their own organisation.
    own = ["", str(production.organisation_id)]  # "": what a process refused before it looked
    return list(events_about([str(item) for item in about]).filter(organisation_id__in=own))


def _event(event: Event) -> dict[str, Any]:
    leaf = getattr(event, "leaf", None)
    return {
        "sequence": leaf.sequence if leaf else None,
        "leaf_hash": bytes(leaf.leaf_hash).hex() if leaf else None,
        "event": json.loads(event.canonical),
    }

"""What proves a production, in one file that `python -m compliance verify` reads."""

import json
from typing import Any
from uuid import UUID

from compliance.receipt.reader import read_record
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.approvals.selectors import decisions_of, reviews_of, workflow_of
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_about
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.core.errors import Refused
from rakkan.dispatch.selectors import permit_used
from rakkan.identity.models import IdentityDecision
from rakkan.productions.models import LipsMeasurement, Production
from rakkan.productions.selectors import production_get
from rakkan.productions.services.addresses import status_url
from rakkan.productions.services.covered import pinned_consents
from rakkan.productions.services.wording import TRANSCRIPT
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
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.RELEASE_REFUSED, actor=user_actor(user), subject=subject):
        bundle = evidence_document(production_get(user, production_id))
        event_record(EventName.EVIDENCE_EXPORTED, actor=user_actor(user), subject=subject)
    return bundle


def evidence_document(production: Production) -> dict[str, Any]:
    """Return what proves a production, with every event about it, in the log already or not.

    Raises:
        Refused: it is not released.
        Erased: the depicted person was erased.
    """
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
        "identity": {"seen": _identity(consents.likeness), "heard": _identity(consents.voice)},
        "policy": _policy(production),
        "approvals": _approvals(production),
        "reviews": _reviews(production),
        "permit": permit.token,
        "result": production.rendering.result,
        "gate": {"checks": release.gate.checks},
        **_lips(production),
        "release": {
            "asset_id": release.asset_id,
            "file_sha256": release.file_sha256,
            "size": release.size,
            "released_at": release.released_at.isoformat(),
        },
        "status_url": status_url(release.asset_id),
        "events": [event_entry(event) for event in production_events(production)],
    }


def _voice_measurement(production: Production) -> dict[str, Any]:
    """Return what approvers saw of the voice: verdict, how like the sample, how like its words."""
    measured = production.voice_measurement
    compared = {name: measured.facts.get(name) for name in ("voice_match", TRANSCRIPT)}
    return {"verdict": measured.verdict, **compared}


def _lips(production: Production) -> dict[str, Any]:
    """Return what a worker measured of the lips; nothing where it was released before that."""
    measured = LipsMeasurement.objects.filter(rendering__production=production).first()
    if measured is None:
        return {}
    return {"lips": {"outcome": measured.outcome, "facts": measured.facts}}


def _identity(consent: Consent) -> dict[str, str]:
    """Return which decision says who consented: no evidence, only its digest."""
    decision = IdentityDecision.objects.select_related("check_made").get(
        pk=read_record(consent.record).identity["decision"]
    )
    return {
        "person": str(decision.check_made.person_id),
        "decision": str(decision.pk),
        "method": decision.check_made.method,
        "evidence_sha256": decision.check_made.evidence_sha256,
        "valid_until": decision.valid_until.isoformat(),
    }


def _policy(production: Production) -> dict[str, Any]:
    """Return what the policies asked for when it was submitted."""
    workflow = workflow_of(production.pk)
    steps = workflow.steps.all() if workflow else ()
    return {
        "policies": workflow.policies if workflow else [],
        "steps": [
            {"stage": step.stage, "name": step.name, "quorum": step.quorum} for step in steps
        ],
        "reviewers": workflow.reviewers if workflow else 0,
    }


def _reviews(production: Production) -> list[dict[str, Any]]:
    """Return who watched the finished file; what they wrote stays here."""
    return [
        {
            "reviewer": str(review.reviewer_id),
            "accepted": review.accepted,
            "file_sha256": review.file_sha256,
            "decided_at": review.decided_at.isoformat(),
        }
        for review in reviews_of(production.pk)
    ]


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


def production_events(production: Production) -> list[Event]:
    """Return the events about a production and what it stands on, in their order."""
    about = [production.pk, production.likeness_id, production.consent_id]
    about += [production.speaker_id, production.voice_consent_id]
    # A stranger who knocked was refused, and that is in the log: of their own organisation.
    own = ["", str(production.organisation_id)]  # "": what a process refused before it looked
    return list(events_about([str(item) for item in about]).filter(organisation_id__in=own))


def event_entry(event: Event) -> dict[str, Any]:
    """Return an event as evidence tells it: its place, its leaf hash and all it says."""
    leaf = getattr(event, "leaf", None)
    return {
        "sequence": leaf.sequence if leaf else None,
        "leaf_hash": bytes(leaf.leaf_hash).hex() if leaf else None,
        "event": json.loads(event.canonical),
    }

"""The ten steps of a production, each done, at work, waiting or where it ended.

Read from what exists (a measurement, a decision, a release), not from the state alone: an ended
production then shows where it ended.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from compliance.permit import JobKind, Verdict
from rakkan.approvals.selectors import decisions_of, workflow_of
from rakkan.approvals.services import Outcome, workflow_outcome
from rakkan.consents.scope import Gap, Use, scope_gaps
from rakkan.consents.selectors import ConsentState, consent_state
from rakkan.dispatch.selectors import job_newest
from rakkan.identity.selectors import identity_decision
from rakkan.likenesses.models import Trait
from rakkan.likenesses.selectors import trait_verdict
from rakkan.productions.models import Production
from rakkan.productions.services.covered import consents_at_hand, use_of, voice_use_of
from rakkan.productions.states import FINAL, State
from rakkan.releases.selectors import release_of, sealing_of

LABELS: dict[str, str | Promise] = {
    "likeness": pgettext_lazy("step", "Likeness"),
    "identity": pgettext_lazy("step", "Identity"),
    "consent": pgettext_lazy("step", "Consent"),
    "request": pgettext_lazy("step", "Request"),
    "approval": pgettext_lazy("step", "Approval"),
    "permit": pgettext_lazy("step", "Permit"),
    "render": pgettext_lazy("step", "Render"),
    "seal": pgettext_lazy("step", "Seal"),
    "gate": pgettext_lazy("step", "Gate"),
    "release": pgettext_lazy("step", "Release"),
}
MARKS: dict[str, str | Promise] = {
    "done": _("done"),
    "now": _("now"),
    "open": _("to come"),
    "ended": _("ended here"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the page shows it."""

    name: str
    label: str
    mark: str  # a key of MARKS
    said: str  # the mark in words
    at: datetime | None


def timeline(production: Production) -> list[Step]:
    """Return the ten steps."""
    done = _done(production)
    reached = next((name for name in LABELS if name not in done), "")
    ended = State(production.state) in FINAL
    steps = []
    for name, label in LABELS.items():
        mark = "done" if name in done else "open"
        if name == reached:
            mark = "ended" if ended else "now"
        if name == "release" and State(production.state) is State.REVOKED:
            mark = "ended"
        steps.append(Step(name, str(label), mark, str(MARKS[mark]), done.get(name)))
    return steps


def _done(production: Production) -> dict[str, datetime | None]:
    """Return the steps behind it in their order, each with its time; stops at the first missing."""
    done: dict[str, datetime | None] = {}
    for part in (_before_request, _approved, _made):
        found = part(production)
        done |= found
    names = list(LABELS)
    for position, name in enumerate(names):
        if name not in done:
            return {kept: done[kept] for kept in names[:position]}
    return done


def _before_request(production: Production) -> dict[str, datetime | None]:
    likeness, (seen, heard) = production.likeness, consents_at_hand(production)
    consent, voice_consent = production.consent or seen, production.voice_consent or heard
    done: dict[str, datetime | None] = {}
    if trait_verdict(likeness) not in (None, Verdict.UNUSABLE):
        done["likeness"] = likeness.measurement.measured_at
    # The consent names the decision it stands on, so a later expiry does not undo the step.
    decision = identity_decision(likeness.person, consent.granted_at if consent else None)
    if decision is not None:
        done["identity"] = decision.decided_at
    if consent is not None and voice_consent is not None:
        done["consent"] = max(consent.granted_at, voice_consent.granted_at)
    return done


def _approved(production: Production) -> dict[str, datetime | None]:
    workflow = workflow_of(production.pk)
    if workflow is None:
        return {}
    done: dict[str, datetime | None] = {"request": workflow.opened_at}
    if workflow_outcome(workflow) is Outcome.APPROVED:
        done["approval"] = decisions_of(production.pk)[-1].decided_at
    return done


def _made(production: Production) -> dict[str, datetime | None]:
    done: dict[str, datetime | None] = {}
    job = job_newest(production.pk, JobKind.RENDER)
    permit = job.permits.order_by("-issued_at").first() if job else None
    if permit is not None and State(production.state) is not State.QUEUED:
        done["permit"] = permit.issued_at
    rendering = getattr(production, "rendering", None)
    if rendering is not None:
        done["render"] = rendering.received_at
    if sealing := sealing_of(production.pk):
        done["seal"] = sealing.sealed_at
    if release := release_of(production.pk):
        done["gate"] = release.gate.checked_at
        done["release"] = release.released_at
    return done


def gaps_of(production: Production) -> list[Gap]:
    """Return what a draft asks for beyond the newest live consents."""
    gaps = _gaps(production.likeness, use_of(production))
    if production.speaker is not None:
        gaps += _gaps(production.speaker, voice_use_of(production))
    return gaps


def _gaps(trait: Trait, use: Use) -> list[Gap]:
    for consent in trait.consents.order_by("-granted_at"):
        if consent_state(consent) is ConsentState.LIVE:
            return scope_gaps(consent.scope, use)
    return []

"""The life of a production: transitions, who owns each state, which event each arrival writes."""

from collections.abc import Mapping
from enum import StrEnum

from rakkan.audit.names import EventName


class State(StrEnum):
    """Where a production is."""

    DRAFT = "draft"
    IN_APPROVAL = "in_approval"
    QUEUED = "queued"
    RENDERING = "rendering"
    RENDERED = "rendered"
    SEALED = "sealed"
    IN_REVIEW = "in_review"
    RELEASED = "released"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    FAILED = "failed"
    REVOKED = "revoked"


_ENDS = frozenset({State.CANCELLED, State.STOPPED, State.FAILED})

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.IN_APPROVAL, State.CANCELLED, State.STOPPED}),
    State.IN_APPROVAL: frozenset({State.QUEUED, State.REJECTED, *_ENDS}),
    State.QUEUED: frozenset({State.RENDERING, *_ENDS}),
    State.RENDERING: frozenset({State.QUEUED, State.RENDERED, *_ENDS}),
    State.RENDERED: frozenset({State.SEALED, *_ENDS}),
    State.SEALED: frozenset({State.RELEASED, State.IN_REVIEW, *_ENDS}),
    State.IN_REVIEW: frozenset({State.RELEASED, *_ENDS}),
    State.RELEASED: frozenset({State.REVOKED}),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.STOPPED: frozenset(),
    State.FAILED: frozenset(),
    State.REVOKED: frozenset(),
}

OWNERS: Mapping[State, str] = {  # whose move it is
    State.DRAFT: "requester",
    State.IN_APPROVAL: "approvers",
    State.QUEUED: "dispatch",
    State.RENDERING: "render worker",
    State.RENDERED: "seal worker",
    State.SEALED: "seal worker",
    State.IN_REVIEW: "approvers",
    State.RELEASED: "requester",
    State.REJECTED: "nobody",
    State.CANCELLED: "nobody",
    State.STOPPED: "nobody",
    State.FAILED: "nobody",
    State.REVOKED: "nobody",
}

EVENTS: Mapping[State, EventName] = {  # written on arrival
    State.DRAFT: EventName.PRODUCTION_CREATED,
    State.IN_APPROVAL: EventName.PRODUCTION_SUBMITTED,
    State.QUEUED: EventName.PRODUCTION_APPROVED,
    State.RENDERING: EventName.PERMIT_ISSUED,
    State.RENDERED: EventName.RENDERING_RECEIVED,
    State.SEALED: EventName.PRODUCTION_SEALED,
    State.IN_REVIEW: EventName.PRODUCTION_REVIEWING,
    State.RELEASED: EventName.PRODUCTION_RELEASED,
    State.REJECTED: EventName.PRODUCTION_REJECTED,
    State.CANCELLED: EventName.PRODUCTION_CANCELLED,
    State.STOPPED: EventName.PRODUCTION_STOPPED,
    State.FAILED: EventName.PRODUCTION_FAILED,
    State.REVOKED: EventName.RELEASE_REVOKED,
}

FINAL = frozenset(state for state, targets in TRANSITIONS.items() if not targets)
STOPPABLE = frozenset(s for s, targets in TRANSITIONS.items() if State.STOPPED in targets)


def pairs() -> list[tuple[str, str]]:
    """Return the transitions as pairs: what the database trigger allows."""
    return [(a.value, b.value) for a, targets in TRANSITIONS.items() for b in sorted(targets)]

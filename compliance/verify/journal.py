"""The events in an evidence file: what the publisher's log says of one production.

The log is signed and witnessed, but this file holds no proof that these events stand in it: they
are the publisher's word. An evidence pack has the proofs (:mod:`compliance.evidence`).
"""

from dataclasses import dataclass
from typing import Any

from compliance.canonical import canonical_json
from compliance.ledger import leaf_hash
from compliance.verify.report import Fails

WORD = "by the publisher's word: an evidence pack proves it by the signed log, this file does not"
GRANTED = "consents.consent.granted"
SUBMITTED = "productions.production.submitted"
DECIDED = "approvals.decision.recorded"
RELEASED = "productions.production.released"


@dataclass(frozen=True, slots=True)
class Needed:
    """An act without which nothing is released, and what its event has to say."""

    name: str
    object_id: str
    data: dict[str, str]

    def is_told_by(self, event: dict[str, Any]) -> bool:
        """Say whether ``event`` is about this very act."""
        return (
            (event["name"], event["object_id"]) == (self.name, self.object_id)
            and isinstance(event["data"], dict)
            and all(event["data"].get(key) == value for key, value in self.data.items())
        )


def needed_events(evidence: dict[str, Any]) -> list[Needed]:
    """Return the acts that the release in an evidence file rests on, in their order."""
    request = evidence["request"]
    production, pinned = request["production"], {"request_digest": evidence["request_digest"]}
    return [
        Needed(GRANTED, request["consent"]["id"], {}),
        Needed(GRANTED, request["voice"]["consent"]["id"], {}),
        Needed(SUBMITTED, production, pinned),
        Needed(DECIDED, production, pinned),
        Needed(RELEASED, production, {"file_sha256": evidence["release"]["file_sha256"]}),
    ]


def decisions(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of every decision about the production, whatever was decided."""
    production = evidence["request"]["production"]
    events = [entry["event"] for entry in evidence["events"]]
    return [
        event for event in events if (event["name"], event["object_id"]) == (DECIDED, production)
    ]


def placed_events(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events that have their place in the log.

    Raises:
        Fails: an event is not what its leaf hash (RFC 6962, section 2.1, over its canonical JSON)
            was made from, or its place is none, or somebody else's too.
    """
    placed = [
        entry
        for entry in evidence["events"]
        if entry["leaf_hash"] is not None or entry["sequence"] is not None
    ]
    for entry in placed:
        sequence = entry["sequence"]
        if type(sequence) is not int or sequence < 0:
            raise Fails(f"Event {entry['event']['name']!r} claims the place {sequence!r}.")
        if leaf_hash(canonical_json(entry["event"])).hex() != entry["leaf_hash"]:
            raise Fails(f"Event {sequence} was changed: its hash is another.", code="event-changed")
    for what in ([entry["sequence"] for entry in placed], [e["event"]["id"] for e in placed]):
        if len(set(what)) != len(what):
            raise Fails("Two events claim the same place in the log, or one claims two.")
    return [entry["event"] for entry in placed]

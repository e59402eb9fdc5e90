"""Revoke released productions: deliveries stop, and the status page says so."""

from rakkan.audit.services import Actor
from rakkan.productions.models import Production
from rakkan.productions.services.transition import move_many
from rakkan.productions.states import State
from rakkan.releases.services.release import releases_revoke
from rakkan.webhooks.models import Topic
from rakkan.webhooks.services import message_queue


def productions_revoke(productions: list[Production], *, reason: str, actor: Actor) -> None:
    """Revoke the releases of locked productions, in the caller's transaction."""
    if not productions:
        return
    releases_revoke([p.pk for p in productions], reason=reason, actor=actor)
    problem = {
        "code": reason,
        "title": "The release was revoked.",
        "detail": "",
        "remedy": "Do not use copies you already have.",
    }
    move_many(productions, State.REVOKED, problem=problem)
    for organisation_id in {production.organisation_id for production in productions}:
        about = [
            (row.pk, {"asset_id": row.asset_id, "status": "revoked", "reason": reason})
            for row in productions
            if row.organisation_id == organisation_id
        ]
        message_queue(Topic.RELEASE_REVOKED, organisation_id, about)

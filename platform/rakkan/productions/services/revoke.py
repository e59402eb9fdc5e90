"""Revoke released productions: deliveries stop, and the status page says so."""

from rakkan.audit.services import Actor
from rakkan.productions.models import Production
from rakkan.productions.services.transition import move_many
from rakkan.productions.states import State
from rakkan.releases.services.release import releases_revoke


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

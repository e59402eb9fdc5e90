"""Revoke a released production: deliveries stop, and the status page says so."""

from rakkan.audit.services import Actor
from rakkan.productions.models import Production
from rakkan.productions.services.transition import move_silently
from rakkan.productions.states import State
from rakkan.releases.selectors import release_of
from rakkan.releases.services.release import release_revoke


def production_revoke(production: Production, *, reason: str, actor: Actor) -> None:
    """Revoke the release of a locked production, in the caller's transaction."""
    release = release_of(production.pk)
    if release is not None:
        release_revoke(release, reason=reason, actor=actor)
    production.problem = {
        "code": reason,
        "title": "The release was revoked.",
        "detail": "",
        "remedy": "Do not use copies you already have.",
    }
    move_silently(production, State.REVOKED)

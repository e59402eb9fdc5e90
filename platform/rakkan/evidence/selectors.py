"""Read evidence packs."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.core.errors import NotFound
from rakkan.evidence.models import Pack
from rakkan.productions.models import Production
from rakkan.productions.selectors import productions_visible


def packs_of(production: Production) -> QuerySet[Pack]:
    """Return the packs of a production, the newest first."""
    return _packs().filter(production=production)


def pack_get(user: User, pack_id: UUID | str) -> Pack:
    """Return one pack of a production that the user may see.

    Raises:
        NotFound: there is none for this user.
    """
    pack = _packs().filter(pk=pack_id, production__in=productions_visible(user)).first()
    if pack is None:
        raise NotFound(f"There is no evidence pack {pack_id}.")
    return pack


def pack_state(pack: Pack) -> str:
    """Return how far it is: waiting, ready, failed or over."""
    end = getattr(pack, "end", None)
    if end is not None:
        return "over" if end.reason in ENDED else "failed"
    return "ready" if getattr(pack, "ready", None) is not None else "waiting"


def packs_waiting() -> QuerySet[Pack]:
    """Return the packs that are neither built nor ended."""
    return Pack.objects.filter(ready=None, end=None, expires_at__gt=timezone.now())


def packs_expired() -> QuerySet[Pack]:
    """Return the packs whose term is over and that have not ended."""
    return Pack.objects.filter(end=None, expires_at__lte=timezone.now())


EXPIRED, ERASED = "expired", "erased"
ENDED = frozenset({EXPIRED, ERASED})  # what is no failure


def _packs() -> QuerySet[Pack]:
    return Pack.objects.select_related("ready__file", "end", "production")

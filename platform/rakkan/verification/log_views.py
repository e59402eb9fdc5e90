"""The log's files for anybody (C2SP tlog-tiles): checkpoint and hash tiles, without the database.

Entry bundles hold the events of every organisation and are not served (0068).
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from compliance.errors import LedgerInvalid
from compliance.ledger import TileName
from compliance.ledger.store import CHECKPOINT
from rakkan.audit.services import log_file

_FOR_EVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=1"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Serve the newest checkpoint with its cosignatures."""
    return _file(CHECKPOINT, "text/plain; charset=utf-8", _BRIEFLY)


@require_safe
def tile(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a hash tile; one that is there never changes."""
    try:
        found = TileName.parse(f"tile/{name}")
    except LedgerInvalid as error:
        raise Http404("This is not the address of a tile.") from error
    if found.level is None:
        raise Http404("Entry bundles are not public.")
    return _file(found.path, "application/octet-stream", _FOR_EVER)


def _file(path: str, content_type: str, cached: str) -> HttpResponse:
    content = log_file(path)
    if content is None:
        raise Http404("The log has no such file.")
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": cached})

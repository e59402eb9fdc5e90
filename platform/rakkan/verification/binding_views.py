"""C2PA Soft Binding Resolution API 2.4: other people's tools find the manifest of a copy.

Query by binding and by content, fetch, and the service routes. Nothing can be stored from outside:
manifests are ours alone; receipts and references are not offered. Errors are problem details.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rakkan.accounts.throttle import attempt_from
from rakkan.core.errors import BadInput, RakkanError
from rakkan.core.faults import told_outside
from rakkan.core.tenancy import as_system
from rakkan.verification import bindings
from rakkan.verification.services import ask

VERSION = "2.4.0"
_LONGEST = 2_048  # characters of a value in an address
_MOST, _DEFAULT = 50, 10
_QUERY_BYTES = 64 << 10
_CHUNK = 1 << 20
_BRIEFLY = "public, max-age=60"

View = Callable[..., HttpResponse]


def _told(view: View) -> View:
    """Answer an error as problem details (RFC 9457)."""

    @wraps(view)
    def answering(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except RakkanError as error:
            told = told_outside(error)
            body = {"title": str(told), "status": told.status, "code": told.code}
            body |= {"remedy": told.remedy} if told.remedy else {}
            kind = "application/problem+json"
            return JsonResponse(body, status=told.status, content_type=kind)

    return answering


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_told
def by_binding(request: HttpRequest) -> HttpResponse:
    """Return the manifests that a soft binding leads to."""
    attempt_from(request, "resolve")
    if request.method == "GET":
        asked: dict[str, Any] = request.GET.dict()
        if len(str(asked.get("value", ""))) > _LONGEST:
            raise BadInput("Use POST.", code="value-too-long", status=414)
    else:
        asked = _query(request)
    if not isinstance(asked.get("alg"), str) or not isinstance(asked.get("value"), str):
        raise BadInput("alg and value are needed.", code="binding-invalid")
    return _matches(bindings.matches_by_binding(asked["alg"], asked["value"], _most(request)))


@csrf_exempt
@require_POST
@_told
def by_content(request: HttpRequest) -> HttpResponse:
    """Return the manifests of the release that an uploaded file shows; the file is not kept."""
    attempt_from(request, "verify")
    if request.GET.get("alg") not in (None, bindings.WATERMARK):
        raise BadInput(
            "Of content only our watermark and our own fingerprint are taken.",
            code="binding-invalid",
            remedy="Leave alg out, or take the ISCC yourself and use matches/byBinding.",
        )
    question = ask(_chunks(request)).question
    with as_system():  # whosever release it is
        asset_id, score = question.marked, 100
        if asset_id is None and request.GET.get("alg") is None and question.found:
            placed = question.found.placement
            asset_id = question.found.asset_id
            score = round(100 * placed.likeness) if placed else 90
        found = bindings.matches_by_asset(asset_id, score) if asset_id else []
    return _matches(found[: _most(request)])


@require_GET
@_told
def manifest(request: HttpRequest, manifest_id: str) -> HttpResponse:
    """Return the manifest store of a release that stands."""
    store = bindings.manifest_of(manifest_id)
    if request.GET.get("returnActiveManifest") == "true":
        store = bindings.active_only(store)
    return HttpResponse(
        store, content_type="application/c2pa", headers={"Cache-Control": "public, max-age=5"}
    )


@require_GET
def algorithms(request: HttpRequest) -> HttpResponse:
    """Say which soft bindings can be asked for."""
    return _service(
        {"watermarks": [{"alg": bindings.WATERMARK}], "fingerprints": [{"alg": bindings.ISCC}]}
    )


@require_GET
def capabilities(request: HttpRequest) -> HttpResponse:
    """Say which optional routes there are."""
    return _service(
        {"c2paSpecificationVersion": VERSION, "supportedCapabilities": ["queryByContent"]}
    )


@require_GET
def service_status(request: HttpRequest) -> HttpResponse:
    """Say that the service works: it answers."""
    now = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return JsonResponse({"status": "ok", "timestamp": now})


@require_GET
def discovery(request: HttpRequest) -> HttpResponse:
    """Tell where the service is (RFC 8615)."""
    base = f"{settings.RAKKAN_PUBLIC_URL}/c2pa/v1"
    return _service(
        {
            "apiEndpoint": base,
            "c2paSpecificationVersion": VERSION,
            "capabilitiesEndpoint": f"{base}/services/capabilities",
            "statusEndpoint": f"{base}/services/status",
        }
    )


def _service(said: dict[str, Any]) -> HttpResponse:
    return JsonResponse(said, headers={"Cache-Control": _BRIEFLY})


def _matches(found: list[bindings.Match]) -> HttpResponse:
    return JsonResponse({"matches": [match.to_dict() for match in found]})


def _most(request: HttpRequest) -> int:
    text = request.GET.get("maxResults", str(_DEFAULT))
    if not text.isdecimal() or not int(text):
        raise BadInput("maxResults is a whole number from 1.", code="max-results-invalid")
    return min(int(text), _MOST)


def _query(request: HttpRequest) -> dict[str, Any]:
    try:
        asked = json.loads(request.read(_QUERY_BYTES))
    except (ValueError, RecursionError) as error:
        raise BadInput("The body is not JSON.", code="body-invalid") from error
    if not isinstance(asked, dict):
        raise BadInput("The body is not a JSON object.", code="body-invalid")
    return asked


def _chunks(request: HttpRequest) -> Iterable[bytes]:
    return iter(lambda: request.read(_CHUNK), b"")

"""The address that is written into every released file."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from rakkan.core.errors import NotFound
from rakkan.verification.selectors import asset_status
from rakkan.verification.statements import status_statement

_BRIEFLY = "public, max-age=5"  # seconds that a withdrawal may take to reach a cache


@require_GET
def status(request: HttpRequest, asset_id: str) -> HttpResponse:
    """Answer programs in JSON and people with a page."""
    for_people = request.accepts("text/html") and "text/html" in request.headers.get("Accept", "")
    try:
        answer = asset_status(asset_id)
    except NotFound as error:
        if for_people:
            return render(request, "status.html", {"error": error}, status=404)
        body = {"title": str(error), "status": 404, "code": error.code}
        return JsonResponse(body, status=404, content_type="application/problem+json")
    if for_people:
        return render(request, "status.html", {"answer": answer})
    signed = answer.to_dict() | {"statement": status_statement(answer)}
    return JsonResponse(signed, headers={"Cache-Control": _BRIEFLY, "Vary": "Accept"})

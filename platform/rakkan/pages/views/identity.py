"""Identity checks: the person hands in, a reviewer looks and decides."""

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.core.blobs import Area, blob_open
from rakkan.identity.selectors import identity_checks_visible
from rakkan.identity.services import evidence_view, identity_decide, identity_submit
from rakkan.pages import queries
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.forms import EvidenceForm, ReviewForm


@require_safe
@page
def check_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible checks."""
    rows = queries.page_of(request, identity_checks_visible(user_of(request)))
    return render(request, "identity/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def check_new(request: HttpRequest) -> HttpResponseBase:
    """Hand in evidence."""
    form = EvidenceForm(request.POST or None, request.FILES or None)

    def act() -> str:
        identity_submit(user=user_of(request), evidence=form.cleaned_data["evidence"])
        return reverse("checks")

    return form_page(request, "identity/new.html", form, act)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def check_detail(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    """Show a check; a reviewer decides here."""
    check = queries.identity_check_get(user_of(request), check_id)
    form = ReviewForm(request.POST or None)

    def act() -> str:
        identity_decide(user=user_of(request), check_id=check_id, **form.cleaned_data)
        return reverse("checks")

    context = {
        "check": check,
        "decision": getattr(check, "decision", None),
        "own": check.submitted_by_id == user_of(request).pk,
    }
    return form_page(request, "identity/detail.html", form, act, **context)


@require_safe
@page
def check_evidence(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    """Show evidence to a reviewer, after noting it; a PDF is saved, never run in the page."""
    check = evidence_view(user=user_of(request), check_id=check_id)
    kind = check.evidence_media_type
    response = FileResponse(
        blob_open(Area.INPUTS, check.evidence_sha256),
        content_type=kind,
        as_attachment=not kind.startswith("image/"),
        filename=f"evidence-{check.pk}.{kind.rpartition('/')[2]}",
    )
    response["Cache-Control"] = "private, no-store"
    return response

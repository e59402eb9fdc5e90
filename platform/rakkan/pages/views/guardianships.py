"""Acting for a minor or deceased person: the guardian's pages, and the reviewer's."""

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.guardians import (
    acts_for,
    guardianship_get,
    guardianships_live,
    guardianships_visible,
)
from rakkan.likenesses.services import (
    guardianship_claim,
    guardianship_decide,
    guardianship_evidence_view,
    guardianship_renew,
)
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.forms import GuardianshipForm, ProofForm, WordForm
from rakkan.pages.views.person import erasure_page
from rakkan.productions.services.guardian import guardianship_end


@require_http_methods(["GET", "HEAD", "POST"])
@page
def guardianship_list(request: HttpRequest) -> HttpResponseBase:
    """Show for whom one acts, or what waits for a reviewer; make another record."""
    user = user_of(request)
    form = GuardianshipForm(request.POST or None, request.FILES or None)

    def act() -> str:
        row = guardianship_claim(
            user=user, represented=form.represented(), evidence=form.cleaned_data["evidence"]
        )
        return reverse("guardianship", args=[row.pk])

    rows = queries.page_of(request, guardianships_visible(user))
    list_note(user=user, listed="guardianships", shown=rows.object_list)
    may = Role.DEPICTED_PERSON in user_roles(user)
    return form_page(request, "guardianships/list.html", form, act, page=rows, may=may)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def guardianship_detail(request: HttpRequest, guardianship_id: UUID) -> HttpResponseBase:
    """Show one; its reviewer decides here, its guardian hands in newer evidence."""
    user = user_of(request)
    row = guardianship_get(user, guardianship_id)
    reading_note(user=user, shown=[row])
    own = row.guardian_id == user.pk
    form = (ProofForm if own else WordForm)(request.POST or None, request.FILES or None)

    def act() -> str:
        if own:
            given = {"evidence": form.cleaned_data["evidence"]}
            newer = guardianship_renew(user=user, guardianship_id=guardianship_id, **given)
            return reverse("guardianship", args=[newer.pk])
        verified = form.cleaned_data["verified"]
        guardianship_decide(user=user, guardianship_id=guardianship_id, verified=verified)
        return reverse("guardianships")

    context = {
        "row": row,
        "own": own,
        "decision": getattr(row, "decision", None),
        "end": getattr(row, "end", None),
        "acts": own and acts_for(user, row.person),
    }
    return form_page(request, "guardianships/detail.html", form, act, **context)


@require_safe
@page
def guardianship_evidence(request: HttpRequest, guardianship_id: UUID) -> HttpResponseBase:
    """Show evidence to a reviewer, after noting it; a PDF is saved, never run in the page."""
    row = guardianship_evidence_view(user=user_of(request), guardianship_id=guardianship_id)
    kind = row.evidence_media_type
    response = FileResponse(
        blob_open(Area.INPUTS, row.evidence_sha256),
        content_type=kind,
        as_attachment=not kind.startswith("image/"),
        filename=f"evidence-{row.pk}.{kind.rpartition('/')[2]}",
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@page
def guardianship_erasure(request: HttpRequest, guardianship_id: UUID) -> HttpResponseBase:
    """Say what an erasure of who is acted for does; ask for it, show the certificate's address."""
    user = user_of(request)
    found = guardianships_live().filter(guardian=user, pk=guardianship_id).first()
    if found is None:
        raise NotFound(f"There is no guardianship {guardianship_id}.")
    return erasure_page(request, found.person)


@act_page("guardianship", "guardianship_id")
@page
def guardianship_ending(request: HttpRequest, guardianship_id: UUID) -> HttpResponseBase:
    """End it, with every consent that was given under it."""
    guardianship_end(user=user_of(request), guardianship_id=guardianship_id)
    return redirect("guardianship", guardianship_id)

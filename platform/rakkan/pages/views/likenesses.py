"""Portraits."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.core.blobs import Area, blob_open
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.guardians import acts_for
from rakkan.likenesses.selectors import likeness_get, likenesses_visible
from rakkan.pages import queries
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.files import file_answer
from rakkan.pages.forms import PortraitForm
from rakkan.productions.services.portray import portrait_add


@require_safe
@page
def likeness_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible portraits."""
    rows = queries.page_of(request, likenesses_visible(user_of(request)))
    list_note(user=user_of(request), listed="likenesses", shown=rows.object_list)
    return render(request, "likenesses/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def likeness_new(request: HttpRequest) -> HttpResponseBase:
    """Add one's own portrait."""
    form = PortraitForm(request.POST or None, request.FILES or None, user=user_of(request))

    def act() -> str:
        likeness = portrait_add(user=user_of(request), **form.cleaned_data)
        return reverse("likeness", args=[likeness.pk])

    return form_page(request, "likenesses/new.html", form, act)


@require_safe
@page
def likeness_detail(request: HttpRequest, likeness_id: UUID) -> HttpResponseBase:
    """Show a portrait and what the gate said of it."""
    likeness = likeness_get(user_of(request), likeness_id)
    reading_note(user=user_of(request), shown=[likeness])
    measurement = getattr(likeness, "measurement", None)
    own = acts_for(user_of(request), likeness.person)
    context = {"likeness": likeness, "measurement": measurement, "own": own}
    return render(request, "likenesses/detail.html", context)


@require_safe
@page
def likeness_live(request: HttpRequest, likeness_id: UUID) -> HttpResponseBase:
    """Answer the page's script: has the gate spoken?"""
    likeness = likeness_get(user_of(request), likeness_id)
    measured = getattr(likeness, "measurement", None) is not None
    return JsonResponse({"version": "measured" if measured else "waiting"})


@require_safe
@page
def likeness_portrait(request: HttpRequest, likeness_id: UUID) -> HttpResponseBase:
    """Show the photo to whoever may see the likeness."""
    likeness = likeness_get(user_of(request), likeness_id)
    reading_note(user=user_of(request), shown=[likeness])
    stream = blob_open(Area.INPUTS, likeness.portrait_sha256)
    kind = likeness.portrait_media_type
    return file_answer(request, stream, size=likeness.portrait_size, media_type=kind)

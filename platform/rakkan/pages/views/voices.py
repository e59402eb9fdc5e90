"""Voice samples."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.core.blobs import Area, blob_open
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.guardians import acts_for
from rakkan.likenesses.selectors import voice_get, voice_to_hear, voices_visible
from rakkan.pages import queries
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.files import file_answer
from rakkan.pages.forms import VoiceForm
from rakkan.productions.services.portray import voice_enrol


@require_safe
@page
def voice_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible voices."""
    rows = queries.page_of(request, voices_visible(user_of(request)))
    list_note(user=user_of(request), listed="voices", shown=rows.object_list)
    return render(request, "voices/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def voice_new(request: HttpRequest) -> HttpResponseBase:
    """Enrol one's own voice."""
    form = VoiceForm(request.POST or None, request.FILES or None, user=user_of(request))

    def act() -> str:
        voice = voice_enrol(user=user_of(request), **form.cleaned_data)
        return reverse("voice", args=[voice.pk])

    return form_page(request, "voices/new.html", form, act)


@require_safe
@page
def voice_detail(request: HttpRequest, voice_id: UUID) -> HttpResponseBase:
    """Show a voice sample and what the gate said of it."""
    user = user_of(request)
    voice = voice_get(user, voice_id)
    reading_note(user=user, shown=[voice])
    context = {
        "voice": voice,
        "measurement": getattr(voice, "measurement", None),
        "own": acts_for(user, voice.person),
    }
    return render(request, "voices/detail.html", context)


@require_safe
@page
def voice_live(request: HttpRequest, voice_id: UUID) -> HttpResponseBase:
    """Answer the page's script: has the gate spoken?"""
    voice = voice_get(user_of(request), voice_id)
    measured = getattr(voice, "measurement", None) is not None
    return JsonResponse({"version": "measured" if measured else "waiting"})


@require_safe
@page
def voice_sample(request: HttpRequest, voice_id: UUID) -> HttpResponseBase:
    """Play the sample to its owner and to whoever compares it."""
    voice = voice_to_hear(user_of(request), voice_id)
    reading_note(user=user_of(request), shown=[voice])
    stream = blob_open(Area.INPUTS, voice.sample_sha256)
    kind = voice.sample_media_type
    return file_answer(request, stream, size=voice.sample_size, media_type=kind)

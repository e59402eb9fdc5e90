"""A production's files: what goes in, the released video, its captions, the evidence."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from compliance.captions import MEDIA_TYPE
from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound
from rakkan.evidence.services import evidence_export
from rakkan.inspection.services import reading_note
from rakkan.pages.answers import page, user_of
from rakkan.pages.files import file_answer
from rakkan.productions.selectors import production_get
from rakkan.productions.services.behind import background_of
from rakkan.productions.services.labelling import label_input
from rakkan.productions.services.preview import preview_watch
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.review import result_watch


@require_safe
@page
def voice(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Play the voice track to whoever may see the production."""
    production = production_get(user_of(request), production_id)
    reading_note(user=user_of(request), shown=[production])
    stream = blob_open(Area.INPUTS, production.voice_sha256)
    kind = production.voice_media_type
    return file_answer(request, stream, size=production.voice_size, media_type=kind)


@require_safe
@page
def label(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show the visible AI label as it was drawn to whoever may see the production."""
    production = production_get(user_of(request), production_id)
    reading_note(user=user_of(request), shown=[production])
    file = label_input(production)
    stream = blob_open(Area.INPUTS, file.sha256)
    return file_answer(request, stream, size=file.size, media_type=file.media_type)


@require_safe
@page
def background(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show the picture behind the person to whoever may see the production."""
    production = production_get(user_of(request), production_id)
    reading_note(user=user_of(request), shown=[production])
    file = background_of(production)
    if file is None:
        raise NotFound("No picture was given for the background.")
    stream = blob_open(Area.INPUTS, file.sha256)
    return file_answer(request, stream, size=file.size, media_type=file.media_type)


@require_safe
@page
def preview(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show the preview to the requester or to who decides, noted each time."""
    file = preview_watch(user=user_of(request), production_id=production_id)
    stream = blob_open(Area.PREVIEWS, file.file_sha256)
    return file_answer(request, stream, size=file.size, media_type="video/mp4")


@require_safe
@page
def result(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show the sealed file to who has to watch it before its release, noted each time."""
    sealing = result_watch(user=user_of(request), production_id=production_id)
    stream = blob_open(Area.QUARANTINE, sealing.file_sha256)
    return file_answer(request, stream, size=sealing.size, media_type="video/mp4")


@require_safe
@page
def video(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Deliver the released file, noted each time; ``?download`` saves it."""
    release = release_deliver(user=user_of(request), production_id=production_id)
    stream = blob_open(Area.RELEASES, release.file_sha256)
    response = file_answer(request, stream, size=release.size, media_type="video/mp4")
    if "download" in request.GET:
        name = f"rakkan-{release.asset_id}.mp4"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@page
def captions(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Deliver the captions of the released file as the video is; ``?download`` saves them."""
    release = release_deliver(user=user_of(request), production_id=production_id, captions=True)
    kept = release.captions
    stream = blob_open(Area.RELEASES, kept.file_sha256)
    response = file_answer(
        request, stream, size=kept.size, media_type=f"{MEDIA_TYPE}; charset=utf-8"
    )
    if "download" in request.GET:
        name = f"rakkan-{release.asset_id}.{kept.language}.vtt"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@page
def evidence(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Hand out what proves the video, under the name the verifier looks for beside the MP4."""
    bundle = evidence_export(user=user_of(request), production_id=production_id)
    name = f"rakkan-{bundle['release']['asset_id']}.evidence.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(bundle, headers=headers)

"""Evidence packs of a production: what there is, ask for one, take it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound
from rakkan.evidence.selectors import pack_state, packs_of
from rakkan.evidence.services import pack_deliver, pack_request
from rakkan.inspection.services import reading_note
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.files import file_answer
from rakkan.pages.forms import PackForm
from rakkan.productions.selectors import production_get
from rakkan.releases.selectors import release_of

_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@page
def pack_list(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Show the packs of a released production, and ask for one."""
    user = user_of(request)
    production = production_get(user, production_id)
    if release_of(production.pk) is None:
        raise NotFound("Evidence is of released productions.")
    reading_note(user=user, shown=[production])
    form = PackForm(request.POST or None, initial={"language": get_language()})

    def act() -> str:
        pack_request(user=user, production_id=production.pk, **form.cleaned_data)
        return reverse("production-packs", args=[production.pk])

    packs = [(pack, pack_state(pack)) for pack in packs_of(production)[:_SHOWN]]
    waits = any(state == "waiting" for _, state in packs)
    return form_page(
        request,
        "productions/packs.html",
        form,
        act,
        production=production,
        packs=packs,
        waits=waits,
    )


@require_safe
@page
def pack_file(request: HttpRequest, pack_id: UUID) -> HttpResponseBase:
    """Hand over a pack, noted each time."""
    file = pack_deliver(user=user_of(request), pack_id=pack_id)
    stream = blob_open(Area.PACKS, file.sha256)
    response = file_answer(request, stream, size=file.size, media_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response

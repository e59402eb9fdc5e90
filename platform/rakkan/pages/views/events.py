"""The audit log, for auditors: find events, and the story of a person or a production."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.services import Actor
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.people import actors_named
from rakkan.inspection.search import Found
from rakkan.inspection.services import Form, export_stream, log_read, proof_file, watches_of
from rakkan.inspection.things import thing_of
from rakkan.pages.answers import page, user_of
from rakkan.pages.log_forms import EventFilter

_PAGE = 50
STORIES = ("production", "person", "user")  # types of objects that have one


@require_safe
@page
def event_list(request: HttpRequest) -> HttpResponseBase:
    """List the events that meet every condition, newest first."""
    actor = check_user_has_role(user_of(request), Role.AUDITOR)
    form = EventFilter(request.GET, organisation_id=actor.organisation_id)
    if not form.is_valid():
        return render(request, "events/list.html", {"form": form}, status=400)
    found = log_read(
        actor=actor, asked=form.asked(), cursor=request.GET.get("cursor", ""), limit=_PAGE
    )
    given = {name: value for name, value in form.data.items() if name in form.fields and value}
    more = any(name in given for name in ("production", "actor", "object"))
    context = {
        "form": form,
        "filters": urlencode(given),
        "more": more,
        "watches": watches_of(user_of(request)),
        **_shown(actor, found),
    }
    return render(request, "events/list.html", context)


@require_safe
@page
def story(request: HttpRequest, about_id: UUID) -> HttpResponseBase:
    """Tell what happened to a person or a production, from the beginning."""
    actor = check_user_has_role(user_of(request), Role.AUDITOR)
    thing = thing_of(actor.organisation_id, about_id)
    asked = LogFilter.of({thing.kind: str(about_id)})
    cursor = request.GET.get("cursor", "")
    found = log_read(actor=actor, asked=asked, cursor=cursor, limit=_PAGE, oldest_first=True)
    context = {"thing": thing, "about": str(about_id), "filters": "", **_shown(actor, found)}
    return render(request, "events/story.html", context)


@require_safe
@page
def export(request: HttpRequest) -> HttpResponseBase:
    """Hand out the events that meet every condition, as ``?form=`` says, while they are read."""
    user = user_of(request)
    conditions = EventFilter(request.GET, organisation_id=str(user.organisation_id))
    if not conditions.is_valid():
        return render(request, "events/list.html", {"form": conditions}, status=400)
    form = Form.CSV if request.GET.get("form") == Form.CSV else Form.ZIP
    pieces = export_stream(user=user, asked=conditions.asked(), form=form)
    return download(pieces, form)


def download(pieces: Iterator[bytes], form: Form) -> StreamingHttpResponse:
    """Return an export as an answer that is sent while it is made."""
    answer = StreamingHttpResponse(pieces, content_type=form.media_type)
    name = f"rakkan-log-{timezone.now():%Y%m%d-%H%M%S}.{form.value}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer


@require_safe
@page
def proof(request: HttpRequest, event_id: UUID) -> HttpResponseBase:
    """Hand out the proof of one event."""
    number, content = proof_file(user=user_of(request), event_id=event_id)
    answer = HttpResponse(content, content_type="text/plain; charset=us-ascii")
    answer["Content-Disposition"] = f'attachment; filename="{number}.tlog-proof"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _shown(actor: Actor, found: Found) -> dict[str, Any]:
    """Return a page of events with the names of whoever acted."""
    events = actors_named(actor.organisation_id, found.events)
    return {"found": found, "events": events, "stories": STORIES}

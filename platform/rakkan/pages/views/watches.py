"""Watch-lists of auditors."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import BadInput
from rakkan.inspection.people import actors_named
from rakkan.inspection.services import watch_add, watch_end, watch_get, watch_look, watches_of
from rakkan.pages.answers import act_page, page, user_of
from rakkan.pages.log_forms import EventFilter, WatchForm
from rakkan.pages.views.events import STORIES


@require_http_methods(["GET", "HEAD", "POST"])
@page
def watch_list(request: HttpRequest) -> HttpResponseBase:
    """Show one's own watch-lists; keep a filter of the log under a name."""
    user = user_of(request)
    check_user_has_role(user, Role.AUDITOR)
    organisation = str(user.organisation_id)
    given = request.GET.dict()  # what a search of the log hands over
    form = WatchForm(request.POST or None, initial=given, organisation_id=organisation)
    if request.method == "POST" and form.is_valid():
        asked, language = form.asked(), get_language() or "en"
        watch_add(user=user, label=form.cleaned_data["label"], asked=asked, language=language)
        return redirect("watches")
    status = 400 if form.is_bound else 200
    context = {"form": form, "watches": watches_of(user)}
    return render(request, "events/watches.html", context, status=status)


@require_safe
@page
def watch_detail(request: HttpRequest, watch_id: UUID) -> HttpResponseBase:
    """Show what a watch-list has matched, the newest first; that marks it as seen."""
    user = user_of(request)
    watch = watch_get(user, watch_id)
    events, on = watch_look(user=user, watch_id=watch_id, before=_before(request))
    context = {
        "watch": watch,
        "asked": urlencode(EventFilter.fields_of(watch.asked)),
        "events": actors_named(str(user.organisation_id), events),
        "stories": STORIES,
        "on": on,
    }
    return render(request, "events/watch.html", context)


@act_page("watches")
@page
def watch_ended(request: HttpRequest, watch_id: UUID) -> HttpResponseBase:
    """End one."""
    watch_end(user=user_of(request), watch_id=watch_id)
    return redirect("watches")


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before")
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise BadInput(
            "The cursor is none of ours.",
            code="cursor-invalid",
            remedy="Follow the links in next and previous, or start without a cursor.",
        )
    return int(given)

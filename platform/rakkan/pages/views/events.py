"""The audit log, for auditors."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.selectors import events_of
from rakkan.pages import queries
from rakkan.pages.answers import page, user_of
from rakkan.pages.forms import EventFilter


@require_safe
@page
def event_list(request: HttpRequest) -> HttpResponseBase:
    """List events, newest first; by name, or by the id of what they are about."""
    user = user_of(request)
    check_user_has_role(user, Role.AUDITOR)
    form = EventFilter(request.GET)
    rows = events_of(user.organisation_id)
    wanted = {key: value for key, value in form.data.items() if key in form.fields and value}
    if "name" in wanted:
        rows = rows.filter(name=wanted["name"])
    if "object" in wanted:
        rows = rows.filter(object_id=wanted["object"].strip())
    context = {"page": queries.page_of(request, rows), "form": form, "filters": urlencode(wanted)}
    return render(request, "events/list.html", context)

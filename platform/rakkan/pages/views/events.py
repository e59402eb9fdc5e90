"""The audit log, for auditors."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.services import log_read
from rakkan.pages import queries
from rakkan.pages.answers import page, user_of
from rakkan.pages.forms import EventFilter


@require_safe
@page
def event_list(request: HttpRequest) -> HttpResponseBase:
    """List events, newest first; by name, or by the id of what they are about."""
    actor = check_user_has_role(user_of(request), Role.AUDITOR)
    form = EventFilter(request.GET)
    wanted = {key: value for key, value in form.data.items() if key in form.fields and value}
    rows = log_read(actor=actor, filters=wanted)
    context = {"page": queries.page_of(request, rows), "form": form, "filters": urlencode(wanted)}
    return render(request, "events/list.html", context)

"""Legal holds, and how long what is kept."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.permissions import user_has_role
from rakkan.accounts.roles import Role
from rakkan.inspection.services import reading_note
from rakkan.lifecycle.models import Kind
from rakkan.lifecycle.selectors import (
    hold_stands,
    holds_visible,
    periods_visible,
    persons_to_hold,
)
from rakkan.lifecycle.services import hold_end, hold_set, retention_report_of, retention_set
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.keeping_forms import HoldForm, PeriodForm


@require_safe
@page
def hold_list(request: HttpRequest) -> HttpResponseBase:
    """Show the holds of the organisation, and what became of them."""
    user = user_of(request)
    rows = queries.page_of(request, holds_visible(user))
    reading_note(user=user, shown=rows.object_list)
    for hold in rows.object_list:
        hold.stands = hold_stands(hold)
    return render(request, "holds/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def hold_new(request: HttpRequest) -> HttpResponseBase:
    """Set a hold."""
    user = user_of(request)
    form = HoldForm(request.POST or None, persons=persons_to_hold(user))

    def act() -> str:
        hold_set(user=user, **form.hold())
        return reverse("holds")

    return form_page(request, "holds/new.html", form, act)


@act_page("holds")
@page
def hold_ended(request: HttpRequest, hold_id: UUID) -> HttpResponseBase:
    """End a hold before its time."""
    hold_end(user=user_of(request), hold_id=hold_id)
    return redirect("holds")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def retention(request: HttpRequest) -> HttpResponseBase:
    """Show the periods and what the next run disposes of; an administrator sets a period."""
    user = user_of(request)
    periods = periods_visible(user)
    form = PeriodForm(request.POST or None)

    def act() -> str:
        given = form.cleaned_data
        retention_set(user=user, kind=Kind(given["kind"]), days=given["days"])
        return reverse("retention")

    return form_page(
        request,
        "retention.html",
        form,
        act,
        periods=periods,
        page=queries.page_of(request, retention_report_of(user)),
        may=user_has_role(user, Role.ADMINISTRATOR),
    )

"""What waits for an approver, and who decides in their name while they are away."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.services import (
    delegation_add,
    delegation_end,
    delegations_given,
    delegations_live,
    deputies,
)
from rakkan.core.errors import NotFound
from rakkan.inspection.services import list_note
from rakkan.pages import queries
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.forms import DelegationForm


@require_safe
@page
def approval_queue(request: HttpRequest) -> HttpResponseBase:
    """Show what waits for the acting approver."""
    user = user_of(request)
    waiting, finished = queries.productions_to_approve(user), queries.productions_to_review(user)
    list_note(user=user, listed="approvals", shown=[*waiting, *finished])
    context = {
        "waiting": waiting,
        "finished": finished,
        "received": list(delegations_live(user)),
    }
    return render(request, "productions/queue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def delegations(request: HttpRequest) -> HttpResponseBase:
    """Be away for a term, with a deputy or without, or end that early (``end`` carries which)."""
    user = user_of(request)
    check_user_has_role(user, Role.APPROVER)  # else the form would list colleagues to everybody
    if request.method == "POST" and "end" in request.POST:
        return _end(user, request.POST["end"])
    form = DelegationForm(request.POST or None, colleagues=deputies(user))

    def act() -> str:
        delegation_add(
            user=user,
            to_user_id=form.cleaned_data["to_user"],
            valid_from=form.begin(),
            valid_until=form.end(),
        )
        return reverse("delegations")

    given = list(delegations_given(user))
    return form_page(request, "productions/delegations.html", form, act, given=given)


def _end(user: User, delegation: str) -> HttpResponse:
    try:
        delegation_id = UUID(delegation)
    except ValueError as error:
        raise NotFound("There is no such delegation.") from error
    delegation_end(user=user, delegation_id=delegation_id)
    return redirect("delegations")

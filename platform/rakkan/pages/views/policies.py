"""An organisation's rules: what is in force, what waits, and what would apply; administrators'."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.permissions import users_with_role
from rakkan.accounts.roles import Role
from rakkan.approvals.rulebook import (
    forbidden_in_force,
    policies_in_force,
    policy_get,
    rule_changes,
    ruling_on,
)
from rakkan.approvals.services import (
    forbidden_use_propose,
    is_alone,
    policy_propose,
    rule_change_decide,
    rule_retire,
)
from rakkan.core.errors import NotPermitted
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.rule_forms import AskedForm, ForbiddenForm, PolicyForm


@require_safe
@page
def policy_book(request: HttpRequest) -> HttpResponseBase:
    """Show the rules in force, the changes that wait, and those that were decided."""
    user = user_of(request)
    changes = rule_changes(user)
    context = {
        "policies": policies_in_force(user),
        "forbidden": forbidden_in_force(user),
        "waiting": changes.filter(decision=None),
        "page": queries.page_of(request, changes.exclude(decision=None)),
        "alone": is_alone(user),
    }
    return render(request, "policies/book.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def policy_new(request: HttpRequest) -> HttpResponseBase:
    """Propose a policy, or the next version of one (``of`` carries which)."""
    user = user_of(request)
    policies_in_force(user)  # else the form would open for everybody
    start = PolicyForm.of(policy_get(user, request.GET["of"])) if "of" in request.GET else None
    approvers = users_with_role(user.organisation_id, Role.APPROVER)
    form = PolicyForm(request.POST or None, initial=start, approvers=approvers)

    def act() -> str:
        policy_propose(user=user, text=form.text(), effective_from=form.begin())
        return reverse("policies")

    return form_page(request, "policies/new.html", form, act)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def forbidden_new(request: HttpRequest) -> HttpResponseBase:
    """Propose that a use is forbidden."""
    user = user_of(request)
    policies_in_force(user)
    form = ForbiddenForm(request.POST or None)

    def act() -> str:
        forbidden_use_propose(user=user, text=form.text(), effective_from=form.begin())
        return reverse("policies")

    return form_page(request, "policies/forbid.html", form, act)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def policy_trial(request: HttpRequest) -> HttpResponseBase:
    """Show which rules would apply to a request; nothing is written."""
    user = user_of(request)
    policies_in_force(user)
    form = AskedForm(request.POST or None)
    ruling = ruling_on(user, form.asked()) if form.is_valid() else None
    status = 400 if form.is_bound and ruling is None else 200
    context = {"form": form, "ruling": ruling}
    return render(request, "policies/applying.html", context, status=status)


@act_page("policies")
@page
def policy_retired(request: HttpRequest, policy_id: UUID) -> HttpResponseBase:
    """Propose the end of a policy."""
    rule_retire(user=user_of(request), kind="policy", rule_id=policy_id)
    return redirect("policies")


@act_page("policies")
@page
def forbidden_retired(request: HttpRequest, rule_id: UUID) -> HttpResponseBase:
    """Propose the end of a forbidden use."""
    rule_retire(user=user_of(request), kind="forbidden_use", rule_id=rule_id)
    return redirect("policies")


@act_page("policies")
@page
def change_decided(request: HttpRequest, change_id: UUID) -> HttpResponseBase:
    """Confirm a change, or decline it; who was not there just now confirms that first."""
    accepted = request.POST.get("accepted") == "yes"
    try:
        rule_change_decide(user=user_of(request), change_id=change_id, accepted=accepted)
    except NotPermitted as error:
        if error.code != "reauthentication-needed":
            raise
        return redirect(f"{reverse('confirm')}?{urlencode({'next': reverse('policies')})}")
    return redirect("policies")

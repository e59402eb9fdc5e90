"""How the machines are doing, and the one thing an operator may do: cancel what is stuck."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.selectors import log_standing
from rakkan.dispatch.selectors import leases_of, queues_of
from rakkan.pages.answers import act_page, page, user_of
from rakkan.productions.services.unblock import production_cancel_stuck
from rakkan.productions.stuck import productions_stuck


@require_safe
@page
def operations(request: HttpRequest) -> HttpResponseBase:
    """Show queues, workers and stuck productions; none of their content."""
    user = user_of(request)
    check_user_has_role(user, Role.OPERATOR)
    context = {
        "queues": queues_of(user.organisation_id),
        "leases": leases_of(user.organisation_id),
        "stuck": productions_stuck(user.organisation_id),
        "log": log_standing(),
        "now": timezone.now(),
    }
    return render(request, "operations.html", context)


@act_page("operations")
@page
def stuck_cancellation(request: HttpRequest, production_id: UUID) -> HttpResponseBase:
    """Cancel a stuck production."""
    production_cancel_stuck(user=user_of(request), production_id=production_id)
    return redirect("operations")

"""Webhooks: addresses that are told, and every try to tell them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from compliance.errors import ComplianceError
from rakkan.core.errors import RakkanError
from rakkan.core.faults import told_outside
from rakkan.pages import queries
from rakkan.pages.answers import act_page, page, user_of
from rakkan.pages.keeping_forms import EndpointForm
from rakkan.webhooks.selectors import (
    MessageState,
    endpoint_get,
    endpoint_messages,
    endpoints_visible,
    message_state,
)
from rakkan.webhooks.services import endpoint_add, endpoint_end, message_resend

_OVER = (MessageState.DELIVERED, MessageState.GIVEN_UP)  # what may be sent again


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache  # the answer to an addition is the only page that shows the secret
@page
def endpoint_list(request: HttpRequest) -> HttpResponseBase:
    """Show the addresses; add one, and show its secret this once."""
    user = user_of(request)
    context: dict[str, object] = {"endpoints": endpoints_visible(user)}
    form = EndpointForm(request.POST or None)
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                endpoint, secret = endpoint_add(user=user, **form.cleaned_data)
            except (RakkanError, ComplianceError) as error:
                told = told_outside(error)
                context["error"], status = told, told.status
            else:
                return render(
                    request, "webhooks/added.html", {"endpoint": endpoint, "secret": secret}
                )
    return render(request, "webhooks/list.html", {"form": form, **context}, status=status)


@require_safe
@page
def endpoint_detail(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Show what an address was told, the newest first, and how each try went."""
    user = user_of(request)
    endpoint = endpoint_get(user, endpoint_id)
    rows = queries.page_of(request, endpoint_messages(user, endpoint_id))
    for message in rows.object_list:
        message.state = message_state(message)
    ended = getattr(endpoint, "end", None)
    context = {"endpoint": endpoint, "ended": ended, "page": rows, "over": _OVER}
    return render(request, "webhooks/detail.html", context)


@act_page("webhook", "endpoint_id")
@page
def endpoint_ended(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Tell an address nothing more."""
    endpoint_end(user=user_of(request), endpoint_id=endpoint_id)
    return redirect("webhook", endpoint_id)


@act_page("webhook", "endpoint_id")
@page
def message_sent_again(
    request: HttpRequest, endpoint_id: UUID, message_id: UUID
) -> HttpResponseBase:
    """Send a message again."""
    message_resend(user=user_of(request), endpoint_id=endpoint_id, message_id=message_id)
    return redirect("webhook", endpoint_id)

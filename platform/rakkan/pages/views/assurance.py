"""Identity through a provider: say what is asked of whom, go there, come back."""

from dataclasses import asdict

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.throttle import attempt_from
from rakkan.identity.questions import Asked
from rakkan.identity.selectors import identity_providers
from rakkan.identity.services import Returned, assurance_answer, assurance_ask
from rakkan.pages.answers import page, user_of

_KEPT = "identity-question"  # in the session; one at a time


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page
def provider_asked(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Say what is asked and what is kept; once sent, go there.

    By a page, not by a redirect: our content policy lets no form end on another site.
    """
    found = [one for one in identity_providers(user_of(request)) if one.id == provider_id]
    if not found:
        raise Http404
    context = {"provider": found[0]}
    if request.method == "POST":
        attempt_from(request, "confirm")
        away, asked = assurance_ask(
            user=user_of(request),
            provider=provider_id,
            session=_session(request),
            callback=_callback(request, provider_id),
        )
        request.session[_KEPT] = asdict(asked)
        context["away"] = away
    return render(request, "identity/provider.html", context)


@require_safe
@never_cache
@page
def provider_answered(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the provider's answer; whatever it is, the question is used up."""
    kept = request.session.pop(_KEPT, None)
    check = assurance_answer(
        user=user_of(request),
        provider=provider_id,
        returned=Returned(
            session=_session(request),
            asked=Asked(**kept) if kept else None,
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            callback=_callback(request, provider_id),
        ),
    )
    return redirect("check", check.pk)


def _callback(request: HttpRequest, provider_id: str) -> str:
    address = reverse("identity-provider-answer", args=[provider_id])
    return request.build_absolute_uri(address)


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""

"""Sign in through one's organisation: each provider has an address of its own to give away."""

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.saml.views import ACSView, FinishACSView, MetadataView
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rakkan.accounts.federation import CheckedOidcAdapter
from rakkan.accounts.services import session_refusal_record
from rakkan.accounts.throttle import attempt_from
from rakkan.core.errors import Unavailable
from rakkan.pages.answers import open_page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@open_page
def organisation_sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Say who will be asked; once sent, go there.

    By a page, not by a redirect: our content policy lets no form end on another site.
    """
    context = {"provider": _known(provider_id)}
    if request.method != "POST":
        return render(request, "organisation_sign_in.html", context)
    attempt_from(request, "confirm")
    provider = get_adapter().get_provider(request, provider_id)
    try:
        away = provider.redirect(request, process=AuthProcess.LOGIN)["Location"]
    except (OSError, OAuth2Error) as error:  # what requests raises is an OSError
        raise Unavailable(
            "The identity provider does not answer.", remedy="Try again in a moment."
        ) from error
    return render(request, "organisation_sign_in.html", {**context, "away": away})


@require_safe
@never_cache
def organisation_refused(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Say that the provider, or what it said, was refused."""
    context = {"provider": _known(provider_id), "refused": True}
    return render(request, "organisation_sign_in.html", context)


@require_safe
@never_cache
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the answer of an OpenID Connect provider."""
    _known(provider_id, "oidc")
    view = OAuth2CallbackView.adapter_view(CheckedOidcAdapter(request, provider_id))
    return _answer(view, request, provider_id)


@csrf_exempt  # the provider's page sends it; what it says is bound to the session one step later
@require_POST
def saml_answer(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Take the answer of a SAML provider; it comes from another site, so without the session."""
    _known(organization_slug, "saml")
    return ACSView.as_view()(request, organization_slug=organization_slug)


@require_safe
@never_cache
def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Look at the answer, back in the session that asked for it."""
    _known(organization_slug, "saml")
    view = FinishACSView.as_view()
    return _answer(view, request, organization_slug, organization_slug=organization_slug)


@require_safe
def saml_metadata(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Tell a SAML provider how to speak to us."""
    _known(organization_slug, "saml")
    return MetadataView.as_view()(request, organization_slug=organization_slug)


@require_safe
def saml_sign_out(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Lead home: a provider ends its own sessions, and people end theirs here."""
    _known(organization_slug, "saml")
    return redirect("home")


def _answer(view: Any, request: HttpRequest, provider_id: str, **given: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = view(request, **given)
    except PermissionDenied:  # nobody in this browser has asked, or the answer was used before
        session_refusal_record(code="provider-refused")
        return redirect("organisation-refused", provider_id)
    return answer


def _known(provider_id: str, *kinds: str) -> Any:
    known = settings.RAKKAN_PROVIDERS.get(provider_id)
    if known is None or known.kind not in (kinds or ("oidc", "saml")):
        raise Http404
    return known

"""Sign in, confirm that it is still you, sign out."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rakkan.accounts.factors import Factors, factors_of
from rakkan.accounts.services import (
    code_confirm,
    passkey_confirm,
    password_confirm,
    session_confirmed,
    session_refusal_record,
)
from rakkan.accounts.throttle import attempt_from
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.forms import CodeForm, PasskeyAnswerForm, PasswordForm

_METHODS = ["get", "head", "post"]


class SignIn(LoginView):
    """Ask for credentials; a second factor, where there is one, comes next."""

    template_name = "sign_in.html"
    http_method_names = _METHODS

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say what is wrong, with a status that programs understand."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 429 if form.has_error("__all__", "too_many_login_attempts") else 401
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go on: never to another site."""
        found = super().get_context_data(**kwargs)
        return {
            **found,
            "next": get_next_redirect_url(self.request) or "/",
            "passkey_refused": self.request.GET.get("refused") == "passkey",
        }


class SecondFactor(AuthenticateView):
    """Ask for a code or a passkey, between the password and the session."""

    template_name = "sign_in_code.html"
    http_method_names = _METHODS

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say what is wrong, with a status that programs understand."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 429 if form.has_error("code", "too-many-attempts") else 401
        return response


class PasskeySignIn(LoginWebAuthnView):
    """Sign in with a passkey alone: it has asked its owner for a finger, a face or a PIN."""

    http_method_names = _METHODS

    def form_invalid(self, form: Any) -> HttpResponse:
        """Record the refusal; the sign-in says what to do."""
        session_refusal_record(code="passkey-wrong")
        return redirect(f"{reverse('account_login')}?refused=passkey")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
@page
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Ask for a second factor (or the password where there is none), then go back.

    A decision may follow, or a change of how somebody signs in.
    """
    user = user_of(request)
    factors, target = factors_of(user), _target(request)
    form = _form(request, factors)
    if request.method == "POST":
        attempt_from(request, "confirm")

    def act() -> str:
        given = form.cleaned_data
        if "credential" in given:
            passkey_confirm(user=user, credential=given["credential"])
        elif "code" in given:
            code_confirm(user=user, code=given["code"])
        else:
            password_confirm(request, user=user, password=given["password"])
        session_confirmed(request, method="mfa" if factors else "password")
        return target

    context = {"next": target, "factors": factors}
    if factors.passkeys and not form.is_bound:
        context["options"] = begin_authentication(user)
    return form_page(request, "confirm.html", form, act, **context)


def _form(request: HttpRequest, factors: Factors) -> Any:
    data = request.POST or None
    if data and "credential" in data:
        return PasskeyAnswerForm(data)
    return CodeForm(data) if factors else PasswordForm(data)


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    own = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if own else "/"


@act_page("home")
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    logout(request)
    return redirect("account_login")

"""Sign in and out."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rakkan.accounts.services import code_confirm, session_start
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.forms import CodeForm, SignInForm


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for credentials and begin a session."""
    target = _target(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST or None)

    def act() -> str:
        login(request, session_start(request, **form.cleaned_data))
        return target

    return form_page(request, "sign_in.html", form, act, next=target)


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    own = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if own else "/"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code, so that a decision may follow; then go back to where it is made."""
    target, form = _target(request), CodeForm(request.POST or None)

    def act() -> str:
        code_confirm(user=user_of(request), code=form.cleaned_data["code"])
        return target

    return form_page(request, "confirm.html", form, act, next=target)


@act_page("home")
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    logout(request)
    return redirect("sign-in")

"""How somebody signs in: their app, passkeys, recovery codes, password and sessions."""

from typing import Any

from allauth.account.views import (
    PasswordChangeView,
    PasswordResetDoneView,
    PasswordResetFromKeyDoneView,
    PasswordResetFromKeyView,
    PasswordResetView,
)
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from allauth.usersessions.views import ListUserSessionsView
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import View

from rakkan.accounts.factors import factors_of, must_set_up_a_factor
from rakkan.accounts.services import (
    factor_remove,
    passkey_add,
    recovery_codes_renew,
    session_confirmed,
    totp_add,
)
from rakkan.pages.answers import page, user_of

_METHODS = ["get", "head", "post"]
_READ = ["get", "head"]


@require_safe
@never_cache
@page
def security(request: HttpRequest) -> HttpResponseBase:
    """Show how one signs in, and what can be changed."""
    user = user_of(request)
    context = {"factors": factors_of(user), "must_set_up": must_set_up_a_factor(user)}
    return render(request, "security/index.html", context)


@method_decorator(never_cache, name="dispatch")
class _Own(LoginRequiredMixin, View):
    """A page about one's own account."""

    http_method_names = _METHODS


class AppNew(_Own, ActivateTOTPView):
    """Set up an authenticator app."""

    template_name = "security/app.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep its secret; show the recovery codes if it brought some."""
        codes = totp_add(self.request, user=user_of(self.request), form=form)
        session_confirmed(self.request, method="mfa")
        return redirect("mfa_view_recovery_codes" if codes else "mfa_index")


class AppRemoval(_Own, DeactivateTOTPView):
    """Remove the authenticator app."""

    template_name = "security/app_removal.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it."""
        factor_remove(self.request, user=user_of(self.request), factor=self.authenticator)
        return redirect("mfa_index")


class PasskeyNew(_Own, AddWebAuthnView):
    """Add a passkey."""

    template_name = "security/passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for one that stays on the device and asks its owner."""
        options = begin_registration(user_of(self.request), True)
        found = super(AddWebAuthnView, self).get_context_data(**kwargs)
        return {**found, "options": options}

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it; show the recovery codes if it brought some."""
        given = form.cleaned_data
        codes = passkey_add(
            self.request,
            user=user_of(self.request),
            name=given["name"],
            credential=given["credential"],
        )
        session_confirmed(self.request, method="mfa")
        return redirect("mfa_view_recovery_codes" if codes else "mfa_index")


class PasskeyRemoval(_Own, RemoveWebAuthnView):
    """Remove a passkey."""

    template_name = "security/passkey_removal.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Say first whether there is such a passkey of theirs."""
        if request.user.is_authenticated:
            own = {key.pk for key in factors_of(user_of(request)).passkeys}
            if kwargs["pk"] not in own:
                raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it."""
        factor_remove(self.request, user=user_of(self.request), factor=self.get_object())
        return redirect("mfa_index")


class RecoveryCodes(_Own, ViewRecoveryCodesView):
    """Show the recovery codes that are left."""

    template_name = "security/recovery_codes.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them; where there are none, say so on the page they belong to."""
        if not factors_of(user_of(request)).recovery_codes:
            return redirect("mfa_index")
        return super().get(request, *args, **kwargs)


class RecoveryCodesNew(_Own, GenerateRecoveryCodesView):
    """Make new recovery codes."""

    template_name = "security/recovery_codes_new.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Make them."""
        recovery_codes_renew(self.request, user=user_of(self.request))
        return redirect("mfa_view_recovery_codes")


class PasswordChange(_Own, PasswordChangeView):
    """Change one's password."""

    template_name = "security/password.html"
    success_url = reverse_lazy("mfa_index")


class Sessions(_Own, ListUserSessionsView):
    """Show where one is signed in, and end all but this."""

    template_name = "security/sessions.html"


class PasswordReset(PasswordResetView):
    """Ask for a mail by which a new password can be set."""

    template_name = "security/password_reset.html"
    http_method_names = _METHODS


class PasswordResetSent(PasswordResetDoneView):
    """Say that a mail is under way, whether or not there is such an account."""

    template_name = "security/password_reset_sent.html"
    http_method_names = _READ


class PasswordResetNow(PasswordResetFromKeyView):
    """Set a new password, once, with the address from the mail."""

    template_name = "security/password_reset_now.html"
    http_method_names = _METHODS


class PasswordResetDone(PasswordResetFromKeyDoneView):
    """Say that the password was changed."""

    template_name = "security/password_reset_done.html"
    http_method_names = _READ

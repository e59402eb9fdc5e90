"""allauth's forms where they check a second factor: ours record it, and take a code once."""

from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
)
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rakkan.accounts.methods import Method
from rakkan.accounts.services.factor import authentication_record, code_confirm
from rakkan.accounts.throttle import attempt_count, attempts_forget
from rakkan.core.errors import Refused

_ONE_TIME = {"autocomplete": "one-time-code", "inputmode": "numeric"}


class SignInForm(LoginForm):
    """Credentials."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the labels of the house."""
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget = forms.EmailInput({"autocomplete": "username"})
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget = forms.PasswordInput({"autocomplete": "current-password"})


class PasswordResetForm(ResetPasswordForm):
    """The address that a mail goes to: known or not, there is one, so that neither is told."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the labels of the house."""
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget = forms.EmailInput({"autocomplete": "email"})

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the mail."""
        if not self.users:
            email = str(self.cleaned_data["email"])
            account_adapter().send_mail("account/email/unknown_account", email, {})
            return email
        return str(super().save(request, **kwargs))


class SecondFactorForm(AuthenticateForm):
    """A code of the authenticator app, or a recovery code, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the labels of the house."""
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["code"].label = _("Code of your authenticator app, or a recovery code")
        self.fields["code"].widget = forms.TextInput({**_ONE_TIME, "inputmode": "text"})

    def clean_code(self) -> str:
        """Check it; which of the two it was is kept for :meth:`save`."""
        code, rows = self.cleaned_data["code"], Authenticator.objects.filter(user=self.user)
        recovery = rows.filter(type=Authenticator.Type.RECOVERY_CODES).first()
        key = str(self.user.pk)
        try:
            if recovery and len("".join(code.split())) > 6:
                attempt_count("code", key=key)
                if not recovery.wrap().validate_code(code):
                    raise get_adapter().validation_error("incorrect_code")
                attempts_forget("code", key=key)
                self.authenticator = recovery
            else:
                code_confirm(user=self.user, code=code)
                self.authenticator = rows.get(type=Authenticator.Type.TOTP)
        except Refused as refused:
            raise forms.ValidationError(_said(refused), code=refused.code) from refused
        return str(code)


def _said(refused: Refused) -> Any:
    if refused.code == "too-many-attempts":
        return _("There were too many attempts. Wait five minutes, then retry.")
    return _("The code is wrong, or was used before. Wait for the next one.")


class SecondFactorPasskeyForm(AuthenticateWebAuthnForm):
    """A passkey after the password."""

    def clean_credential(self) -> Authenticator:
        """Check it and record it."""
        found = super().clean_credential()
        authentication_record(user=found.user, method=Method.PASSKEY)
        return found


class PasskeyOnlyForm(LoginWebAuthnForm):
    """A passkey instead of a password."""

    def clean_credential(self) -> Authenticator:
        """Check it and record it; an account that is switched off has none."""
        found = super().clean_credential()
        if not found.user.is_active:
            raise get_adapter().validation_error("incorrect_code")
        authentication_record(user=found.user, method=Method.PASSKEY)
        return found


class AppForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the labels of the house."""
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["code"].label = _("Code that the app shows now")
        self.fields["code"].widget = forms.TextInput(_ONE_TIME)


class PasskeyForm(AddWebAuthnForm):
    """A new passkey: always one that asks its owner, so that it may stand alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the labels of the house."""
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        del self.fields["passwordless"]
        self.fields["name"].label = _("Name of the passkey")

    def clean(self) -> dict[str, Any]:
        """Check that the authenticator has asked for a fingerprint, a face or a PIN."""
        self.cleaned_data["passwordless"] = True
        return dict(super().clean())

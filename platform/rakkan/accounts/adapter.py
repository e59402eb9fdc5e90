"""How allauth signs people in here: closed sign-up, our words, our events."""

import time
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rakkan.accounts.factors import has_second_factor
from rakkan.accounts.services.session import (
    password_change,
    session_refusal_record,
    session_start_record,
)
from rakkan.core.tenancy import serve_organisation

_TOO_MANY = _("There were too many attempts. Wait five minutes, then retry.")


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from administrators and invitations; nobody signs up."""

    error_messages: ClassVar[dict[str, str | Promise]] = {  # type: ignore[misc]  # allauth has no kind
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "E-mail address or password is wrong. Check both and try again."
        ),
        "incorrect_code": _("The code is wrong, or was used before. Wait for the next one."),
        "too_many_login_attempts": _TOO_MANY,
        "rate_limited": _TOO_MANY,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record that somebody was refused; what they typed is not kept."""
        session_refusal_record(code="credentials-wrong")

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        """Record that a session begins."""
        session_start_record(user=user)
        serve_organisation(user.organisation_id)
        return super().post_login(request, user, **options)

    def set_password(self, user: Any, password: str) -> None:
        """Change a password; every other session and all tokens of the account end."""
        password_change(user=user, password=password)

    def add_message(self, *args: Any, **options: Any) -> None:
        """Say nothing: each page says itself what has happened."""

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """Lead to the one page that asks people to confirm that it is them."""
        if not user.is_authenticated:
            return []
        return [{"id": "confirm", "description": "", "url": reverse("confirm")}]

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Ask for the strongest proof an account has, in this session, some minutes ago at most."""
        request = context.request
        strong = has_second_factor(request.user)
        wanted = {"mfa"} if strong else {"mfa", "password", "socialaccount"}
        since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        records = get_authentication_records(request, request.user)
        return not any(one["method"] in wanted and one["at"] > since for one in records)

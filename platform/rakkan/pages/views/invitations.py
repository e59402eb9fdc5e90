"""Invitations: sending them, and the page that opens for whoever was invited."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rakkan.accounts.models import Invitation, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.selectors import invitations_visible
from rakkan.accounts.services import (
    account_invited,
    invitation_open,
    invitation_resend,
    invitation_revoke,
    invitation_send,
    session_confirmed,
    session_start,
)
from rakkan.core.tenancy import serve_system
from rakkan.likenesses.classes import RELATIONS
from rakkan.likenesses.services import invitation_accept
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, open_page, page, user_of
from rakkan.pages.forms import InvitationForm, JoinForm, NewcomerForm


@require_http_methods(["GET", "HEAD", "POST"])
@page
def invitation_list(request: HttpRequest) -> HttpResponseBase:
    """Show the invitations and send another one."""
    user = user_of(request)
    rows = queries.page_of(request, invitations_visible(user))
    anybody = Role.ADMINISTRATOR in user_roles(user)
    form = InvitationForm(request.POST or None, anybody=anybody)

    def act() -> str:
        invitation_send(user=user, ask=form.ask())
        return reverse("invitations")

    return form_page(request, "people/invitations.html", form, act, page=rows)


@act_page("invitations")
@page
def invitation_taken_back(request: HttpRequest, invitation_id: UUID) -> HttpResponseBase:
    """Take an invitation back."""
    invitation_revoke(user=user_of(request), invitation_id=invitation_id)
    return redirect("invitations")


@act_page("invitations")
@page
def invitation_sent_anew(request: HttpRequest, invitation_id: UUID) -> HttpResponseBase:
    """Send an invitation anew."""
    invitation_resend(user=user_of(request), invitation_id=invitation_id)
    return redirect("invitations")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("link", "password")
@never_cache
@open_page
def join(request: HttpRequest) -> HttpResponseBase:
    """Say who asks for what, before anything is typed; then take the answer."""
    link = request.POST.get("link") or request.GET.get("link") or ""
    serve_system()  # whose invitation it is, the link tells
    invitation = invitation_open(link)
    _speak(request, invitation)
    user = request.user if isinstance(request.user, User) else None
    known = account_invited(invitation) is not None
    depicted = invitation.role == Role.DEPICTED_PERSON
    sent = request.POST if request.method == "POST" else None
    form = (JoinForm if known or user else NewcomerForm)(sent, depicted=depicted)

    def act() -> str:
        filled = form.newcomer()
        member = invitation_accept(
            link=link, user=user, newcomer=filled, person_class=form.person_class()
        )
        if user is None and filled is not None:
            given = {"email": member.email, "password": filled.password, "code": ""}
            login(request, session_start(request, **given))
            session_confirmed(request, method="password")  # so that a second factor may follow
        stands_for = depicted and form.person_class() in RELATIONS
        return reverse("guardianships" if stands_for else "home")

    context: dict[str, Any] = {"invitation": invitation, "link": link, "depicted": depicted}
    if known and user is None:
        here = f"{reverse('invitation')}?{urlencode({'link': link})}"
        context["sign_in"] = f"{reverse('account_login')}?{urlencode({'next': here})}"
    return form_page(request, "invitation.html", form, act, **context)


def _speak(request: HttpRequest, invitation: Invitation) -> None:
    """Answer in the language of the message, unless the visitor has chosen one here."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(invitation.language)

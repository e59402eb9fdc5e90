"""The first page: what waits for whoever looks at it."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_roles
from rakkan.accounts.roles import Role
from rakkan.identity.selectors import identity_checks_visible, identity_decision
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.people import actors_named
from rakkan.inspection.services import list_note, log_read, watches_of
from rakkan.likenesses.guardians import guardianships_of, guardianships_to_review
from rakkan.pages import queries
from rakkan.pages.answers import page, user_of
from rakkan.productions.selectors import productions_visible
from rakkan.productions.stuck import productions_stuck

_SHORT = 5  # rows of a list on the first page; the rest is one click away

# Lists of the first page that show names and titles of others.
_OF_OTHERS = ("to_approve", "to_review", "guardianships_to_review", "requested", "depictions")


@require_safe
@page
def home(request: HttpRequest) -> HttpResponseBase:
    """Show one section per role."""
    user = user_of(request)
    parts = {
        Role.DEPICTED_PERSON: _depicted,
        Role.APPROVER: _approver,
        Role.IDENTITY_REVIEWER: _reviewer,
        Role.REQUESTER: _requester,
        Role.AUDITOR: _auditor,
        Role.OPERATOR: _operator,
    }
    context: dict[str, Any] = {}
    held = user_roles(user)
    for role, part in parts.items():
        if role in held:
            context |= part(user)
    shown = [row for name in _OF_OTHERS for row in context.get(name, [])]
    list_note(user=user, listed="home", shown=shown)
    return render(request, "home.html", context)


def _depicted(user: User) -> dict[str, Any]:
    likenesses = list(queries.own_likenesses(user)[:_SHORT])
    consents = queries.own_consents(user)
    person = getattr(user, "person", None)
    return {
        "likenesses": likenesses,
        "voices": list(queries.own_voices(user)[:_SHORT]),
        "consents": consents[:_SHORT],
        "live_consents": queries.live(consents),
        "identity": identity_decision(person) if person else None,
        "checks": list(identity_checks_visible(user).filter(submitted_by=user)[:1]),
        "depictions": queries.depictions(user)[:_SHORT],
        "acting_for": guardianships_of(user)[:_SHORT],
    }


def _approver(user: User) -> dict[str, Any]:
    return {"to_approve": queries.productions_to_approve(user)}


def _reviewer(user: User) -> dict[str, Any]:
    return {
        "to_review": queries.checks_to_review(user),
        "guardianships_to_review": guardianships_to_review(user),
    }


def _requester(user: User) -> dict[str, Any]:
    return {"requested": productions_visible(user).filter(requester=user)[:_SHORT]}


def _auditor(user: User) -> dict[str, Any]:
    actor = check_user_has_role(user, Role.AUDITOR)
    newest = log_read(actor=actor, asked=LogFilter(), limit=2 * _SHORT)
    return {
        "newest_events": actors_named(actor.organisation_id, newest.events),
        "watches": watches_of(user),
    }


def _operator(user: User) -> dict[str, Any]:
    return {"stuck": productions_stuck(user.organisation_id)}

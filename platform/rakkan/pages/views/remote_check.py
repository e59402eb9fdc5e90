"""The identity check before a camera: the page, its challenge, and the recording it sends."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rakkan.identity.attempts import Attempt
from rakkan.identity.selectors import biometric_consent_state, biometric_consents_visible
from rakkan.identity.services import challenge_issue
from rakkan.pages import queries
from rakkan.pages.answers import act_page, page, user_of
from rakkan.productions.services.prove import recording_hand_in

_LONGEST = 200  # characters of what the browser says about its prompts
_LATEST = 120_000  # ms


@require_safe
@page
def remote_check(request: HttpRequest) -> HttpResponseBase:
    """Show the page with the camera."""
    user = user_of(request)
    consents = biometric_consents_visible(user)
    context = {
        "likenesses": queries.own_likenesses(user),
        "consented": any(biometric_consent_state(consent) == "live" for consent in consents),
        "chosen": request.GET.get("likeness", ""),
    }
    return render(request, "identity/remote.html", context)


@act_page("remote-check")
@page
def challenge_new(request: HttpRequest) -> HttpResponseBase:
    """Answer the page's script with a challenge for this session."""
    likeness_id = queries.uuid_of(request.POST.get("likeness", ""), "likeness")
    challenge = challenge_issue(
        user=user_of(request), likeness_id=likeness_id, session=_session(request)
    )
    told = {
        "prompts": challenge.document["prompts"],
        "milliseconds": challenge.document["milliseconds"],
        "upload": reverse("recording-new", args=[challenge.pk]),
    }
    return JsonResponse(told, status=201)


@act_page("remote-check")
@page
def recording_new(request: HttpRequest, challenge_id: UUID) -> HttpResponseBase:
    """Take the recording that answers a challenge."""
    attempt = Attempt(
        challenge_id=challenge_id,
        session=_session(request),
        camera=request.POST.get("camera", "").replace("\x00", ""),
        prompted=_moments(request.POST.get("prompted", "")),
    )
    check = recording_hand_in(
        user=user_of(request), recording=request.FILES.get("recording"), attempt=attempt
    )
    return JsonResponse({"page": reverse("check", args=[check.pk])}, status=201)


@require_safe
@page
def check_live(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    """Answer the page's script: has the worker spoken, has the reviewer?"""
    check = queries.identity_check_get(user_of(request), check_id)
    return JsonResponse({"version": queries.check_version(check)})


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _moments(text: str) -> tuple[int, ...]:
    """Return the times that the browser says it showed the prompts at; none if that is nonsense."""
    try:
        found: Any = json.loads(text[:_LONGEST])
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list) or not all(
        type(value) is int and 0 <= value <= _LATEST for value in found
    ):
        return ()
    return tuple(found)

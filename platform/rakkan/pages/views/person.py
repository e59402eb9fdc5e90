"""My data: what there is about the person who looks, and a copy of it."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rakkan.evidence.person_copy import check_own_data, depictions_of, person_copy
from rakkan.pages import queries
from rakkan.pages.answers import page, user_of


@require_safe
@page
def my_data(request: HttpRequest) -> HttpResponseBase:
    """Show consents, every production with its state, and who got copies."""
    user = user_of(request)
    check_own_data(user)
    context = {"consents": queries.own_consents(user), "depictions": depictions_of(user)}
    return render(request, "my_data.html", context)


@require_safe
@page
def my_copy(request: HttpRequest) -> HttpResponseBase:
    """Hand out the copy as a file."""
    body = person_copy(user=user_of(request))
    options = {"indent": 2, "ensure_ascii": False}
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    answer = JsonResponse(body, json_dumps_params=options, headers=headers)
    answer["Cache-Control"] = "private, no-store"
    return answer

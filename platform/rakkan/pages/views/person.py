"""My data: what there is about the person who looks, and a copy of it."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.evidence.person_copy import check_own_data, depictions_of, person_copy
from rakkan.inspection.readers import readings_of
from rakkan.lifecycle.selectors import holds_told
from rakkan.lifecycle.services import erasure_ask
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Person
from rakkan.pages import queries
from rakkan.pages.answers import page, user_of
from rakkan.pages.forms import ErasureForm


@require_safe
@page
def my_data(request: HttpRequest) -> HttpResponseBase:
    """Show consents, every production with its state, and who got copies."""
    user = user_of(request)
    check_own_data(user)
    context = {
        "consents": queries.own_consents(user),
        "depictions": depictions_of(user),
        "readings": readings_of(user),
    }
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


@require_http_methods(["GET", "HEAD", "POST"])
@page
def my_erasure(request: HttpRequest) -> HttpResponseBase:
    """Say what an erasure does; ask for it, and show the certificate's address once."""
    check_own_data(user_of(request))
    return erasure_page(request)


def erasure_page(request: HttpRequest, person: Person | None = None) -> HttpResponseBase:
    """Answer with the page about the erasure of who is signed in, or of whom they act for."""
    user, own = user_of(request), getattr(user_of(request), "person", None)
    form = ErasureForm(request.POST if request.method == "POST" else None)
    whose = person or own
    holds = holds_told(user).filter(person=whose) if whose else []
    represents = person is None and persons_of(user).filter(user=None).exists()
    context = {"form": form, "holds": holds, "person": person, "represents": represents}
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "my_erasure.html", context, status=status)
    _, secret = erasure_ask(user=user, person_id=person.pk if person else None)
    address = reverse("erasure-certificate", args=[secret])
    context = {"link": request.build_absolute_uri(address), "person": person}
    answer = render(request, "my_erasure.html", context)
    answer["Cache-Control"] = "private, no-store"
    return answer

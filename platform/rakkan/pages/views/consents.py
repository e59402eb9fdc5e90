"""Consents: grant, read, keep the receipt, narrow, withdraw."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.accounts.models import User
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_get, consents_visible
from rakkan.consents.services import consents_grant
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.guardians import acts_for
from rakkan.pages import queries
from rakkan.pages.answers import form_page, page, user_of
from rakkan.pages.forms import ConsentForm, NarrowForm, WithdrawalForm
from rakkan.productions.selectors import made_under, productions_visible
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.withdraw import withdraw


@require_safe
@page
def consent_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible consents."""
    rows = queries.page_of(request, consents_visible(user_of(request)))
    queries.with_state(list(rows.object_list))
    list_note(user=user_of(request), listed="consents", shown=rows.object_list)
    return render(request, "consents/list.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@page
def consent_new(request: HttpRequest) -> HttpResponseBase:
    """Grant one for one's own likeness, one's own voice, or one each."""
    user = user_of(request)
    own, voices = queries.own_likenesses(user), queries.own_voices(user)
    wanted = {name: request.GET.get(name) for name in ("likeness", "voice")}
    form = ConsentForm(request.POST or None, likenesses=own, voices=voices, initial=wanted)

    def act() -> str:
        granted = consents_grant(user=user, traits=form.traits(), terms=form.terms())
        return reverse("consents") if granted[1:] else reverse("consent", args=[granted[0].pk])

    return form_page(request, "consents/new.html", form, act)


@require_safe
@page
def consent_detail(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Show a consent, its receipt and every production under it."""
    user = user_of(request)
    consent = queries.with_state([_shown(user, consent_id)])[0]
    context = {
        "consent": consent,
        "withdrawal": getattr(consent, "withdrawal", None),
        "supersession": getattr(consent, "supersession", None),
        "own": acts_for(user, consent.person),
        "productions": productions_visible(user).filter(made_under([consent])),
    }
    return render(request, "consents/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def consent_narrow(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Say what narrowing stops, then replace the consent by a narrower one."""
    user = user_of(request)
    consent = _shown(user, consent_id)
    form = NarrowForm(request.POST if request.method == "POST" else None, consent=consent)

    def act() -> str:
        successor = narrow(user=user, consent_id=consent_id, terms=form.terms())
        return reverse("consent", args=[successor.pk])

    productions = productions_visible(user).filter(made_under([consent]))
    context = {"consent": consent, "productions": productions}
    return form_page(request, "consents/narrow.html", form, act, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def consent_withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Say what a withdrawal stops, then withdraw."""
    user = user_of(request)
    consent = _shown(user, consent_id)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        withdraw(user=user, consent_id=consent_id, **form.cleaned_data)
        return reverse("consent", args=[consent_id])

    productions = productions_visible(user).filter(made_under([consent]))
    context = {"consent": consent, "productions": productions}
    return form_page(request, "consents/withdraw.html", form, act, **context)


@require_safe
@page
def consent_receipt(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """Hand out the record and its signed receipt as one file to keep."""
    consent = _shown(user_of(request), consent_id)
    body = {
        "consent_id": str(consent.pk),
        "record": consent.record,
        "record_digest": consent.record_digest,
        "receipt": consent.receipt,
    }
    name = f"consent-{consent.pk}.json"
    options = {"indent": 2, "ensure_ascii": False}
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(body, json_dumps_params=options, headers=headers)


def _shown(user: User, consent_id: UUID) -> Consent:
    """Return a visible consent, after noting that it is shown."""
    consent = consent_get(user, consent_id)
    reading_note(user=user, shown=[consent])
    return consent

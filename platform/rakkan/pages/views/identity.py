"""Identity checks: the person hands in, a reviewer looks and decides."""

import json
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rakkan.identity.providers import VERIFIED_CLAIMS
from rakkan.identity.selectors import (
    biometric_consent_get,
    biometric_consents_visible,
    identity_checks_visible,
    identity_providers,
)
from rakkan.identity.services import (
    Evidence,
    biometric_consent_grant,
    biometric_consent_withdraw,
    evidence_view,
    identity_decide,
    identity_submit,
)
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.selectors import likenesses_visible
from rakkan.pages import queries
from rakkan.pages.answers import act_page, form_page, page, user_of
from rakkan.pages.files import file_answer
from rakkan.pages.forms import BiometricConsentForm, EvidenceForm, ReviewForm

_PORTRAITS = 6  # the newest are enough to compare with


@require_safe
@page
def check_list(request: HttpRequest) -> HttpResponseBase:
    """Show the visible checks."""
    rows = queries.page_of(request, identity_checks_visible(user_of(request)))
    list_note(user=user_of(request), listed="identity", shown=rows.object_list)
    biometric = queries.with_biometric_state(biometric_consents_visible(user_of(request)))
    providers = identity_providers(user_of(request))
    context = {"page": rows, "biometric": biometric, "providers": providers}
    return render(request, "identity/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def check_new(request: HttpRequest) -> HttpResponseBase:
    """Hand in evidence."""
    form = EvidenceForm(request.POST or None, request.FILES or None, user=user_of(request))

    def act() -> str:
        identity_submit(user=user_of(request), **form.cleaned_data)
        return reverse("checks")

    providers = identity_providers(user_of(request))
    return form_page(request, "identity/new.html", form, act, providers=providers)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def check_detail(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    """Show a check; a reviewer decides here."""
    check = queries.identity_check_get(user_of(request), check_id)
    reading_note(user=user_of(request), shown=[check])
    form = ReviewForm(request.POST or None)

    def act() -> str:
        identity_decide(user=user_of(request), check_id=check_id, **form.cleaned_data)
        return reverse("checks")

    context = {
        "check": check,
        "decision": getattr(check, "decision", None),
        "own": check.submitted_by_id == user_of(request).pk,
        "attempt": getattr(check, "attempt", None),
        "measurement": getattr(check, "measurement", None),
        "assurance": getattr(check, "assurance", None),
        "version": queries.check_version(check),
        "virtual": queries.looks_virtual(check),
        "gone": queries.recording_gone(check),
    }
    return form_page(request, "identity/detail.html", form, act, **context)


@require_safe
@page
def check_evidence(request: HttpRequest, check_id: UUID) -> HttpResponseBase:
    """Show evidence to a reviewer, after noting it; a PDF is saved, never run in the page."""
    evidence = evidence_view(user=user_of(request), check_id=check_id)
    kind = evidence.check.evidence_media_type
    if evidence.check.method == VERIFIED_CLAIMS:
        return _claims_page(request, evidence)
    if kind.startswith("video/"):
        return file_answer(request, evidence.stream, size=evidence.size, media_type=kind)
    response = FileResponse(
        evidence.stream,
        content_type=kind,
        as_attachment=not kind.startswith("image/"),
        filename=f"evidence-{evidence.check.pk}.{kind.rpartition('/')[2]}",
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _claims_page(request: HttpRequest, evidence: Evidence) -> HttpResponseBase:
    """Show the name and date of birth beside the portraits they have to fit."""
    check = evidence.check
    portraits = likenesses_visible(user_of(request)).filter(person=check.person)
    context = {
        "check": check,
        "claims": json.load(evidence.stream),
        "portraits": portraits[:_PORTRAITS],
    }
    answer = render(request, "identity/claims.html", context)
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@page
def biometric_new(request: HttpRequest) -> HttpResponseBase:
    """Consent to biometric matching, by itself."""
    form = BiometricConsentForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        biometric_consent_grant(user=user_of(request), agreed=form.cleaned_data["agreed"])
        return reverse("checks")

    days = round(settings.RAKKAN_BIOMETRIC_DAYS)
    return form_page(request, "identity/biometric.html", form, act, days=days)


@require_http_methods(["GET", "HEAD", "POST"])
@act_page("checks")
@page
def biometric_withdrawal(request: HttpRequest, biometric_id: UUID) -> HttpResponseBase:
    """Withdraw it with one click."""
    biometric_consent_withdraw(user=user_of(request), consent_id=biometric_id)
    return redirect("checks")


@require_safe
@page
def biometric_receipt(request: HttpRequest, biometric_id: UUID) -> HttpResponseBase:
    """Hand out the record and its signed receipt as one file to keep."""
    consent = biometric_consent_get(user_of(request), biometric_id)
    body = {
        "consent_id": str(consent.pk),
        "record": consent.record,
        "record_digest": consent.record_digest,
        "receipt": consent.receipt,
    }
    name = f"biometric-consent-{consent.pk}.json"
    options = {"indent": 2, "ensure_ascii": False}
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(body, json_dumps_params=options, headers=headers)

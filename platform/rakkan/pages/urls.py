"""Addresses of the site."""

from django.urls import path

from rakkan.pages.views import (
    approvals,
    consents,
    events,
    home,
    identity,
    likenesses,
    media,
    person,
    productions,
    session,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("confirm", session.confirm, name="confirm"),
    path("likenesses", likenesses.likeness_list, name="likenesses"),
    path("likenesses/new", likenesses.likeness_new, name="likeness-new"),
    path("likenesses/<uuid:likeness_id>", likenesses.likeness_detail, name="likeness"),
    path("likenesses/<uuid:likeness_id>/live", likenesses.likeness_live, name="likeness-live"),
    path(
        "likenesses/<uuid:likeness_id>/portrait",
        likenesses.likeness_portrait,
        name="likeness-portrait",
    ),
    path("identity", identity.check_list, name="checks"),
    path("identity/new", identity.check_new, name="check-new"),
    path("identity/biometric-consent", identity.biometric_new, name="biometric-new"),
    path(
        "identity/biometric-consent/<uuid:biometric_id>/receipt",
        identity.biometric_receipt,
        name="biometric-receipt",
    ),
    path(
        "identity/biometric-consent/<uuid:biometric_id>/withdraw",
        identity.biometric_withdrawal,
        name="biometric-withdraw",
    ),
    path("identity/<uuid:check_id>", identity.check_detail, name="check"),
    path("identity/<uuid:check_id>/evidence", identity.check_evidence, name="check-evidence"),
    path("consents", consents.consent_list, name="consents"),
    path("consents/new", consents.consent_new, name="consent-new"),
    path("consents/<uuid:consent_id>", consents.consent_detail, name="consent"),
    path("consents/<uuid:consent_id>/receipt", consents.consent_receipt, name="consent-receipt"),
    path("consents/<uuid:consent_id>/narrow", consents.consent_narrow, name="consent-narrow"),
    path("consents/<uuid:consent_id>/withdraw", consents.consent_withdraw, name="consent-withdraw"),
    path("approvals", approvals.approval_queue, name="approvals"),
    path("approvals/delegations", approvals.delegations, name="delegations"),
    path("productions", productions.production_list, name="productions"),
    path("productions/new", productions.production_new, name="production-new"),
    path("productions/<uuid:production_id>", productions.production_detail, name="production"),
    path(
        "productions/<uuid:production_id>/live",
        productions.production_live,
        name="production-live",
    ),
    path(
        "productions/<uuid:production_id>/submit",
        productions.production_submission,
        name="production-submit",
    ),
    path(
        "productions/<uuid:production_id>/cancel",
        productions.production_cancellation,
        name="production-cancel",
    ),
    path(
        "productions/<uuid:production_id>/decide",
        productions.production_decision,
        name="production-decide",
    ),
    path("productions/<uuid:production_id>/voice", media.voice, name="production-voice"),
    path("productions/<uuid:production_id>/video", media.video, name="production-video"),
    path("productions/<uuid:production_id>/evidence", media.evidence, name="production-evidence"),
    path("my-data", person.my_data, name="my-data"),
    path("my-data/copy", person.my_copy, name="my-copy"),
    path("events", events.event_list, name="events"),
]

"""Addresses of the site."""

from django.urls import path, register_converter

from rakkan.pages.answers import entrance
from rakkan.pages.views import (
    approvals,
    consents,
    events,
    federation,
    guardianships,
    home,
    identity,
    invitations,
    lifecycle,
    likenesses,
    media,
    operations,
    people,
    person,
    policies,
    productions,
    remote_check,
    security,
    session,
    voices,
    webhooks,
)


class Base36:
    """What stands before the first hyphen of the address in a mail."""

    regex = "[0-9A-Za-z]+"
    to_python = to_url = staticmethod(str)


register_converter(Base36, "base36")
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", entrance(session.SignIn.as_view()), name="account_login"),
    path("sign-in/code", entrance(session.SecondFactor.as_view()), name="mfa_authenticate"),
    path("sign-in/passkey", entrance(session.PasskeySignIn.as_view()), name="mfa_login_webauthn"),
    path(
        "sign-in/with/<slug:provider_id>",
        federation.organisation_sign_in,
        name="organisation-sign-in",
    ),
    path(
        "sign-in/with/<slug:provider_id>/refused",
        federation.organisation_refused,
        name="organisation-refused",
    ),
    path(
        "sign-in/with/<slug:provider_id>/oidc",
        entrance(federation.oidc_callback),
        name="openid_connect_callback",
    ),
    path(
        "sign-in/with/<slug:organization_slug>/saml",
        entrance(federation.saml_answer),
        name="saml_acs",
    ),
    path(
        "sign-in/with/<slug:organization_slug>/saml/finish",
        entrance(federation.saml_finish),
        name="saml_finish_acs",
    ),
    path(
        "sign-in/with/<slug:organization_slug>/saml/metadata",
        federation.saml_metadata,
        name="saml_metadata",
    ),
    path(
        "sign-in/with/<slug:organization_slug>/saml/sign-out",
        federation.saml_sign_out,
        name="saml_sls",
    ),
    path("sign-out", session.sign_out, name="sign-out"),
    path("confirm", session.confirm, name="confirm"),
    path("security", security.security, name="mfa_index"),
    path("security/app", security.AppNew.as_view(), name="mfa_activate_totp"),
    path("security/app/remove", security.AppRemoval.as_view(), name="mfa_deactivate_totp"),
    path("security/passkeys/new", security.PasskeyNew.as_view(), name="mfa_add_webauthn"),
    path(
        "security/passkeys/<int:pk>/remove",
        security.PasskeyRemoval.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "security/recovery-codes", security.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"
    ),
    path(
        "security/recovery-codes/new",
        security.RecoveryCodesNew.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("security/password", security.PasswordChange.as_view(), name="account_change_password"),
    path("security/sessions", security.Sessions.as_view(), name="usersessions_list"),
    path(
        "password-reset", entrance(security.PasswordReset.as_view()), name="account_reset_password"
    ),
    path(
        "password-reset/sent",
        security.PasswordResetSent.as_view(),
        name="account_reset_password_done",
    ),
    path(
        "password-reset/done",
        security.PasswordResetDone.as_view(),
        name="account_reset_password_from_key_done",
    ),
    path(
        "password-reset/<base36:uidb36>-<slug:key>",
        entrance(security.PasswordResetNow.as_view()),
        name="account_reset_password_from_key",
    ),
    path("likenesses", likenesses.likeness_list, name="likenesses"),
    path("likenesses/new", likenesses.likeness_new, name="likeness-new"),
    path("likenesses/<uuid:likeness_id>", likenesses.likeness_detail, name="likeness"),
    path("likenesses/<uuid:likeness_id>/live", likenesses.likeness_live, name="likeness-live"),
    path(
        "likenesses/<uuid:likeness_id>/portrait",
        likenesses.likeness_portrait,
        name="likeness-portrait",
    ),
    path("voices", voices.voice_list, name="voices"),
    path("voices/new", voices.voice_new, name="voice-new"),
    path("voices/<uuid:voice_id>", voices.voice_detail, name="voice"),
    path("voices/<uuid:voice_id>/live", voices.voice_live, name="voice-live"),
    path("voices/<uuid:voice_id>/sample", voices.voice_sample, name="voice-sample"),
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
    path("identity/remote", remote_check.remote_check, name="remote-check"),
    path("identity/remote/challenge", remote_check.challenge_new, name="challenge-new"),
    path("identity/remote/<uuid:challenge_id>", remote_check.recording_new, name="recording-new"),
    path("identity/<uuid:check_id>/live", remote_check.check_live, name="check-live"),
    path("identity/<uuid:check_id>", identity.check_detail, name="check"),
    path("identity/<uuid:check_id>/evidence", identity.check_evidence, name="check-evidence"),
    path("guardianships", guardianships.guardianship_list, name="guardianships"),
    path(
        "guardianships/<uuid:guardianship_id>",
        guardianships.guardianship_detail,
        name="guardianship",
    ),
    path(
        "guardianships/<uuid:guardianship_id>/evidence",
        guardianships.guardianship_evidence,
        name="guardianship-evidence",
    ),
    path(
        "guardianships/<uuid:guardianship_id>/end",
        guardianships.guardianship_ending,
        name="guardianship-end",
    ),
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
    path("productions/<uuid:production_id>/preview", media.preview, name="production-preview"),
    path(
        "productions/<uuid:production_id>/preview/request",
        productions.production_preview,
        name="production-preview-request",
    ),
    path("productions/<uuid:production_id>/result", media.result, name="production-result"),
    path(
        "productions/<uuid:production_id>/review",
        productions.production_reviewed,
        name="production-review",
    ),
    path("productions/<uuid:production_id>/voice", media.voice, name="production-voice"),
    path("productions/<uuid:production_id>/video", media.video, name="production-video"),
    path("productions/<uuid:production_id>/evidence", media.evidence, name="production-evidence"),
    path("my-data", person.my_data, name="my-data"),
    path("my-data/erasure", person.my_erasure, name="my-erasure"),
    path("my-data/copy", person.my_copy, name="my-copy"),
    path("events", events.event_list, name="events"),
    path("invitation", invitations.join, name="invitation"),
    path("invitations", invitations.invitation_list, name="invitations"),
    path(
        "invitations/<uuid:invitation_id>/revoke",
        invitations.invitation_taken_back,
        name="invitation-revoke",
    ),
    path(
        "invitations/<uuid:invitation_id>/resend",
        invitations.invitation_sent_anew,
        name="invitation-resend",
    ),
    path("people", people.member_list, name="people"),
    path("people/<uuid:user_id>", people.member_detail, name="member"),
    path("people/<uuid:user_id>/revoke", people.role_taken, name="role-revoke"),
    path("people/<uuid:user_id>/deactivate", people.account_closed, name="member-deactivate"),
    path("people/<uuid:user_id>/reactivate", people.account_opened, name="member-reactivate"),
    path("policies", policies.policy_book, name="policies"),
    path("policies/new", policies.policy_new, name="policy-new"),
    path("policies/applying", policies.policy_trial, name="policies-applying"),
    path("policies/forbidden/new", policies.forbidden_new, name="forbidden-new"),
    path(
        "policies/forbidden/<uuid:rule_id>/retire",
        policies.forbidden_retired,
        name="forbidden-retire",
    ),
    path("policies/<uuid:policy_id>/retire", policies.policy_retired, name="policy-retire"),
    path(
        "policies/changes/<uuid:change_id>/decide",
        policies.change_decided,
        name="rule-change-decide",
    ),
    path("holds", lifecycle.hold_list, name="holds"),
    path("holds/new", lifecycle.hold_new, name="hold-new"),
    path("holds/<uuid:hold_id>/end", lifecycle.hold_ended, name="hold-end"),
    path("retention", lifecycle.retention, name="retention"),
    path("webhooks", webhooks.endpoint_list, name="webhooks"),
    path("webhooks/<uuid:endpoint_id>", webhooks.endpoint_detail, name="webhook"),
    path("webhooks/<uuid:endpoint_id>/end", webhooks.endpoint_ended, name="webhook-end"),
    path(
        "webhooks/<uuid:endpoint_id>/messages/<uuid:message_id>/resend",
        webhooks.message_sent_again,
        name="webhook-resend",
    ),
    path("operations", operations.operations, name="operations"),
    path(
        "operations/<uuid:production_id>/cancel",
        operations.stuck_cancellation,
        name="stuck-cancel",
    ),
]

"""Addresses below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from rakkan.api import approving, guardianships, invitations, operations, people, views

urlpatterns = [
    path("schema", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("auth/login", views.Login.as_view()),
    path("auth/logout", views.Logout.as_view()),
    path("auth/confirm", views.Confirm.as_view()),
    path("me", views.Me.as_view()),
    path("me/data", views.MyData.as_view()),
    path("likenesses", views.Likenesses.as_view()),
    path("likenesses/<uuid:likeness_id>", views.LikenessDetail.as_view()),
    path("voices", views.Voices.as_view()),
    path("voices/<uuid:voice_id>", views.VoiceDetail.as_view()),
    path("identity-checks", views.IdentityChecks.as_view()),
    path("identity-checks/<uuid:check_id>/decision", views.IdentityDecisions.as_view()),
    path("biometric-consents", views.BiometricConsents.as_view()),
    path(
        "biometric-consents/<uuid:biometric_id>/withdraw",
        views.BiometricConsentWithdrawal.as_view(),
    ),
    path("consents", views.Consents.as_view()),
    path("consents/<uuid:consent_id>", views.ConsentDetail.as_view()),
    path("consents/<uuid:consent_id>/narrow", views.ConsentNarrowing.as_view()),
    path("consents/<uuid:consent_id>/withdraw", views.ConsentWithdrawal.as_view()),
    path("productions", views.Productions.as_view()),
    path("productions/<uuid:production_id>", views.ProductionDetail.as_view()),
    path("productions/<uuid:production_id>/submit", views.ProductionSubmission.as_view()),
    path("productions/<uuid:production_id>/decision", views.ProductionDecision.as_view()),
    path("productions/<uuid:production_id>/preview", approving.ProductionPreview.as_view()),
    path(
        "productions/<uuid:production_id>/preview/request",
        approving.ProductionPreviewRequest.as_view(),
    ),
    path("productions/<uuid:production_id>/cancel", views.ProductionCancellation.as_view()),
    path("productions/<uuid:production_id>/video", views.ProductionVideo.as_view()),
    path("productions/<uuid:production_id>/evidence", views.ProductionEvidence.as_view()),
    path("events", views.Events.as_view()),
    path("people", people.People.as_view()),
    path("people/<uuid:user_id>", people.PersonDetail.as_view()),
    path("people/<uuid:user_id>/roles", people.RoleGrants.as_view()),
    path("people/<uuid:user_id>/roles/revoke", people.RoleRevocations.as_view()),
    path("people/<uuid:user_id>/deactivate", people.Deactivation.as_view()),
    path("people/<uuid:user_id>/reactivate", people.Reactivation.as_view()),
    path("guardianships", guardianships.Guardianships.as_view()),
    path("guardianships/<uuid:guardianship_id>/renew", guardianships.GuardianshipRenewal.as_view()),
    path(
        "guardianships/<uuid:guardianship_id>/decision", guardianships.GuardianshipReview.as_view()
    ),
    path("guardianships/<uuid:guardianship_id>/end", guardianships.GuardianshipEnding.as_view()),
    path("invitations", invitations.Invitations.as_view()),
    path("invitations/<uuid:invitation_id>/revoke", invitations.InvitationRevocation.as_view()),
    path("invitations/<uuid:invitation_id>/resend", invitations.InvitationResending.as_view()),
    path("operations", operations.Operations.as_view()),
    path("operations/<uuid:production_id>/cancel", operations.StuckCancellation.as_view()),
]

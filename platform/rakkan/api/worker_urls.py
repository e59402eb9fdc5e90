"""Addresses below /worker/v1/."""

from django.urls import path

from rakkan.api import workers

urlpatterns = [
    path("present", workers.Presence.as_view()),
    path("jobs/<uuid:job_id>/claim", workers.Claim.as_view()),
    path("jobs/<uuid:job_id>/heartbeat", workers.Heartbeat.as_view()),
    path("jobs/<uuid:job_id>/inputs/<slug:sha256>", workers.Input.as_view()),
    path("jobs/<uuid:job_id>/output/<slug:sha256>", workers.Output.as_view()),
    path("jobs/<uuid:job_id>/result", workers.Result.as_view()),
    path("jobs/<uuid:job_id>/failure", workers.Failure.as_view()),
]

"""Addresses below /status/."""

from django.urls import path

from rakkan.verification.views import status

urlpatterns = [path("<slug:asset_id>", status, name="status")]

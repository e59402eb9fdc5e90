"""Addresses below /c2pa/v1/ (C2PA Soft Binding Resolution API 2.4)."""

from django.urls import path

from rakkan.verification import binding_views as views

urlpatterns = [
    path("matches/byBinding", views.by_binding, name="c2pa-by-binding"),
    path("matches/byContent", views.by_content, name="c2pa-by-content"),
    path("manifests/<str:manifest_id>", views.manifest, name="c2pa-manifest"),
    path("services/supportedAlgorithms", views.algorithms, name="c2pa-algorithms"),
    path("services/capabilities", views.capabilities, name="c2pa-capabilities"),
    path("services/status", views.service_status, name="c2pa-status"),
]

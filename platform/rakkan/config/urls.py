"""Every address of the site."""

from django.urls import include, path

from rakkan.verification.binding_views import discovery

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("rakkan.api.urls")),
    path("worker/v1/", include("rakkan.api.worker_urls")),
    path("log/", include("rakkan.verification.log_urls")),
    path("c2pa/v1/", include("rakkan.verification.binding_urls")),
    path(".well-known/c2pa-soft-binding-resolution", discovery, name="c2pa-discovery"),
    path("status/", include("rakkan.verification.urls")),
    path("", include("rakkan.pages.urls")),
]

"""Every address of the site."""

from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("rakkan.api.urls")),
    path("worker/v1/", include("rakkan.api.worker_urls")),
    path("log/", include("rakkan.verification.log_urls")),
    path("status/", include("rakkan.verification.urls")),
    path("", include("rakkan.pages.urls")),
]

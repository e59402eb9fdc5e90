"""Django's entry for this app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The HTTP API for people's programs and for workers."""

    name = "rakkan.api"
    label = "api"

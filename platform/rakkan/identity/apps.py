"""Django's entry for this app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Who somebody is, as checked by a reviewer."""

    name = "rakkan.identity"
    label = "identity"

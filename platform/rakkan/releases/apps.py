"""Django's entry for this app."""

from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """Sealing, the gate and what was let out."""

    name = "rakkan.releases"
    label = "releases"

"""Django's entry for this app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Core has no tables of its own."""

    name = "rakkan.core"
    label = "core"

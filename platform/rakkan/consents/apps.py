"""Django's entry for this app."""

from django.apps import AppConfig


class ConsentsConfig(AppConfig):
    """What the depicted person allows, for how long, and its withdrawal."""

    name = "rakkan.consents"
    label = "consents"

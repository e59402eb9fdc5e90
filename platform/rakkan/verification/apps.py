"""Django's entry for this app."""

from django.apps import AppConfig


class VerificationConfig(AppConfig):
    """What anyone may ask about a released file."""

    name = "rakkan.verification"
    label = "verification"

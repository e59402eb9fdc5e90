"""Django's entry for this app."""

from django.apps import AppConfig


class LifecycleConfig(AppConfig):
    """The end of personal data: legal holds, erasure, retention."""

    name = "rakkan.lifecycle"
    label = "lifecycle"

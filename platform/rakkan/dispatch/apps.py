"""Django's entry for this app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Jobs, leases and permits."""

    name = "rakkan.dispatch"
    label = "dispatch"

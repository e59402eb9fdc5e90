"""Django's entry for this app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only events and their place in the log."""

    name = "rakkan.audit"
    label = "audit"

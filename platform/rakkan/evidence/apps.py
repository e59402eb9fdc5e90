"""Django's entry for this app."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """What proves a production, in one file."""

    name = "rakkan.evidence"
    label = "evidence"

"""Django's entry for this app."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Decisions of other people, bound to the digest of what they saw."""

    name = "rakkan.approvals"
    label = "approvals"

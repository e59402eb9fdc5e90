"""Django's entry for this app."""

from django.apps import AppConfig


class InspectionConfig(AppConfig):
    """What auditors work with: the index of the log, watch-lists, exports, notes of readings."""

    name = "rakkan.inspection"
    label = "inspection"

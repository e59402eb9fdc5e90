"""Django's entry for this app."""

from django.apps import AppConfig


class ProductionsConfig(AppConfig):
    """One video on its way from request to release."""

    name = "rakkan.productions"
    label = "productions"

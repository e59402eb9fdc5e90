"""Django's entry for this app."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The site people use in a browser."""

    name = "rakkan.pages"
    label = "pages"

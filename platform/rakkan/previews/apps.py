"""Django's entry for this app."""

from django.apps import AppConfig


class PreviewsConfig(AppConfig):
    """Short, visibly marked looks at what would be made."""

    name = "rakkan.previews"
    label = "previews"

"""Django's entry for this app."""

from django.apps import AppConfig


class LikenessesConfig(AppConfig):
    """Depicted persons and their portraits, measured before use."""

    name = "rakkan.likenesses"
    label = "likenesses"

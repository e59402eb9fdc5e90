"""Django's entry for this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Organisations, users and their roles."""

    name = "rakkan.accounts"
    label = "accounts"

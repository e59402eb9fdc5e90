"""Django's entry for this app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """A key for each person: what is sealed under it is gone when the key is destroyed."""

    name = "rakkan.vault"
    label = "vault"

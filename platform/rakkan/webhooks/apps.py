"""Django's entry for this app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Tell an organisation's own systems what happened to its releases."""

    name = "rakkan.webhooks"
    label = "webhooks"

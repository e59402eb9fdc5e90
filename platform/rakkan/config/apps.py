"""Django's entry for this app: wires Celery, the start-up checks and the management commands."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Where real and default parts are wired together."""

    name = "rakkan.config"
    label = "config"

    def ready(self) -> None:
        """Make the platform's Celery app the default one; refuse to start what must not run.

        Raises:
            ImproperlyConfigured: a development part is set up in production. Not left to Django's
                checks: web server and workers never run those.
        """
        from rakkan.config import celery, checks  # noqa: F401, PLC0415  apps must be loaded first

        checks.refuse_development_parts()

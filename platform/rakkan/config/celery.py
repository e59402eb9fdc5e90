"""The platform's Celery app: ``celery -A rakkan.config worker -Q seal|default``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rakkan.config.settings")


def _options() -> dict[str, object]:
    from django.conf import settings  # noqa: PLC0415  the settings module must be named first

    return dict(settings.CELERY)


app = Celery("rakkan")
app.add_defaults(_options)
app.set_default()
app.autodiscover_tasks(["rakkan.accounts", "rakkan.audit", "rakkan.productions"])

"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

from rakkan.config.celery import app as celery_app
from rakkan.config.checks import refuse_a_powerful_database_role, refuse_without_a_status_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rakkan.config.settings")

application = get_wsgi_application()
celery_app.set_default()
refuse_a_powerful_database_role()

from rakkan.config.self_check import refuse_an_unsound_log  # noqa: E402  apps must be loaded first

refuse_an_unsound_log()
refuse_without_a_status_key()  # last: what is wrong with the log is the worse news

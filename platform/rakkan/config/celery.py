"""The platform's Celery app: ``celery -A rakkan.config worker -Q seal|default``."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init

from rakkan.core.tenancy import process_is_system

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rakkan.config.settings")


def _options() -> dict[str, object]:
    from django.conf import settings  # noqa: PLC0415  the settings module must be named first

    return dict(settings.CELERY)


@worker_init.connect
def _works_for_the_system(**_: object) -> None:
    """Whose row a task is about is known only once it was read; children inherit this.

    Raises:
        SystemExit: something must not run in production. Celery would note any other error that a
            handler of its signals raises, and work on.
    """
    process_is_system()
    import django  # noqa: PLC0415  as below

    django.setup()
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415  settings come first

    from rakkan.config.checks import refuse_a_powerful_database_role  # noqa: PLC0415  as above
    from rakkan.config.self_check import refuse_an_unsound_log  # noqa: PLC0415  as above

    try:
        refuse_a_powerful_database_role()
        refuse_an_unsound_log()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


app = Celery("rakkan")
app.add_defaults(_options)
app.set_default()
app.autodiscover_tasks(
    [
        "rakkan.accounts",
        "rakkan.audit",
        "rakkan.config",
        "rakkan.evidence",
        "rakkan.inspection",
        "rakkan.lifecycle",
        "rakkan.productions",
        "rakkan.webhooks",
    ]
)


@task_prerun.connect
@task_postrun.connect
def _tend_connections(task: Any, **_: object) -> None:
    """Keep the database connection from task to task as web keeps it from request to request.

    One that broke or is older than CONN_MAX_AGE is ended, and one that is kept is tried before it
    is used. The clerk has two tasks a second, and to connect costs more than most of them.
    """
    if not task.request.is_eager:  # the caller's connection is the caller's
        from django.db import close_old_connections  # noqa: PLC0415  as above

        close_old_connections()

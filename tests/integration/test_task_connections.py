"""A worker's database connection outlives its tasks; a broken one does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun, task_prerun
from django.db import connection

from rakkan.audit.tasks import sequence as task
from rakkan.config.celery import app

pytestmark = pytest.mark.django_db


def _session() -> int:
    """Return the database session's process, as a task in a worker sees it."""
    celerys_own = DjangoWorkerFixup(app)
    task_prerun.send(sender=task, task=task)
    celerys_own.on_task_prerun(task)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (found,) = cursor.fetchone()
    task_postrun.send(sender=task, task=task)
    celerys_own.on_task_postrun(task)
    return int(found)


def test_tasks_share_a_connection_until_it_breaks() -> None:
    with ThreadPoolExecutor(1) as worker:  # its connection is its own, outside of this test's
        first = worker.submit(_session).result()
        assert worker.submit(_session).result() == first
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        try:
            assert worker.submit(_session).result() != first
        finally:
            worker.submit(lambda: connection.close()).result()

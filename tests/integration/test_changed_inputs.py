"""One bit changed in an input after approval: refused at dispatch.

The tests connect as the owner of the tables: whoever changes something here has stepped over rights
and triggers already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from rakkan.dispatch.models import Job
from tests.integration import people

pytestmark = [pytest.mark.usefixtures("as_owner"), pytest.mark.django_db]


@contextmanager
def without_triggers(table: str) -> Iterator[None]:
    """Switch a table's triggers off, as whoever owns it can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no ALTER TABLE while checks are pending
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_job_for_other_inputs_than_were_approved_gets_no_permit() -> None:
    production = people.approved_make(people.team_make())
    worker = people.render_worker(production)
    job = Job.objects.get(pk=worker.job_id)
    with without_triggers("dispatch_job"):
        job.spec |= {"prompt": "smiling"}
        job.save(update_fields=["spec"])

    answer = worker.claim()

    assert answer.json()["code"] == "request-changed"
    production.refresh_from_db()
    assert production.state == "stopped"

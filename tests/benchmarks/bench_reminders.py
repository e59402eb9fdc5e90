"""A minute's run of who reminds, with 10,000 requests that wait for a decision."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import psycopg

from tests.benchmarks.database import platform_at_work
from tests.benchmarks.harness import Figure, repeated

WAITING = 10_000
DUE = 200  # of them, an hour and a half later
APPROVERS = 3
ROUNDS = 3
_COPIED = {  # table -> columns of a copy that are its own, of number n
    "productions_production": {
        "id": "md5('p' || n)::uuid",
        "asset_id": "substr(md5('a' || n), 1, 16)",
    },
    "approvals_workflow": {
        "id": "md5('w' || n)::uuid",
        "subject_id": "md5('p' || n)::uuid",
        "opened_at": f"t.opened_at - (n <= {DUE + 1})::int * interval '23 hours'",
    },
    "approvals_workflowstep": {
        "id": "md5('s' || n)::uuid",
        "workflow_id": "md5('w' || n)::uuid",
    },
}


def measure() -> list[Figure]:
    """Let the clerk's task run where nothing is due, where some is, and once more."""
    with platform_at_work() as here:
        return _measure(here.owner)


def _measure(owner: psycopg.Connection[Any]) -> list[Figure]:
    from django.conf import settings  # noqa: PLC0415  as above
    from django.db import connection  # noqa: PLC0415  as above

    from rakkan.accounts.roles import Role  # noqa: PLC0415  as above
    from rakkan.core.tenancy import process_is_system  # noqa: PLC0415  as above
    from tests.integration import people  # noqa: PLC0415  as above

    process_is_system()
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # no server's time
    team = people.team_make()
    for _ in range(APPROVERS - 1):
        people.user_make(team.organisation, Role.APPROVER)
    _multiply(owner, people.submitted_make(team).pk)
    idle = [_run(0.0) for _ in range(ROUNDS)]
    due, again = _run(1.5), [_run(1.6) for _ in range(ROUNDS)]
    told = owner.execute("SELECT count(*) FROM approvals_notice WHERE mailed_at IS NOT NULL")
    assert told.fetchone() == (DUE * APPROVERS,)
    connection.close()
    what = f"a run with {WAITING} requests in approval, {APPROVERS} approvers"
    return [
        repeated("reminders_idle_s", "s", f"{what}, nothing due", idle),
        Figure("reminders_due_s", due, "s", f"{what}, {DUE} due to each; without mail server"),
        repeated("reminders_again_s", "s", f"{what}, who was due has been told", again),
    ]


def _run(hours: float) -> float:
    """Seconds that the clerk's task takes so many hours later."""
    from django.utils import timezone  # noqa: PLC0415  the settings read the environment

    from rakkan.productions.services import remind as reminding  # noqa: PLC0415  as above
    from rakkan.productions.tasks import remind  # noqa: PLC0415  as above

    real = timezone.now
    later = patch.object(timezone, "now", lambda: real() + timedelta(hours=hours))
    with later, patch.object(reminding, "SECONDS", 3600.0):  # all of it, in one run
        began = time.perf_counter()
        remind()
        return time.perf_counter() - began


def _multiply(owner: psycopg.Connection[Any], pk: object) -> None:
    """Insert copies of a production with its workflow and its step: WAITING with the first."""
    where = {
        "productions_production": "t.id = %s",
        "approvals_workflow": "t.subject_id = %s",
        "approvals_workflowstep": "t.workflow_id = (SELECT id FROM approvals_workflow"
        " WHERE subject_id = %s)",
    }
    for table, own in _COPIED.items():
        found = owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        columns = [name for (name,) in found]
        values = ", ".join(own.get(name, f"t.{name}") for name in columns)
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"  # noqa: S608
            f" FROM {table} t, generate_series(2, {WAITING}) n WHERE {where[table]}",
            [pk],
        )
        owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        owner.execute(f"VACUUM ANALYZE {table}")

"""A submission and a narrowing at the same moment, on two connections: ``python -m`` this.

Runs in a database of its own, where both really commit. One of the two is held in the middle of its
transaction until PostgreSQL says that the other waits for it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import django

PATIENCE = 30.0  # seconds until a wait that must come is missed


def narrowing_first() -> dict[str, str]:
    """Submit while a narrowing is not committed: the submission waits and is refused."""
    team, draft = _draft()
    holding, go_on = Event(), Event()
    answers: dict[str, str] = {}
    narrowing = _thread(lambda: _narrow(team, holding, go_on))
    assert holding.wait(PATIENCE)
    submission = _thread(lambda: answers.update(submit=_submit(team, draft)))
    _until_somebody_waits()
    go_on.set()
    narrowing.join(PATIENCE)
    submission.join(PATIENCE)
    return answers | _state(draft)


def submission_first() -> dict[str, str]:
    """Narrow while a submission is not committed: it waits, and what was submitted is stopped."""
    from django.db import transaction  # noqa: PLC0415

    from rakkan.productions.services.submit import production_submit  # noqa: PLC0415

    team, draft = _draft()
    submitted, go_on = Event(), Event()

    def submit() -> None:
        with transaction.atomic():
            production_submit(user=team.requester, production_id=draft.pk)
            submitted.set()
            assert go_on.wait(PATIENCE)

    submission = _thread(submit)
    assert submitted.wait(PATIENCE)
    narrowing = _thread(lambda: _narrow(team, Event(), None))
    _until_somebody_waits()
    go_on.set()
    submission.join(PATIENCE)
    narrowing.join(PATIENCE)
    return _state(draft)


def _draft() -> tuple[Any, Any]:
    from tests.integration import people  # noqa: PLC0415

    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    return team, people.draft_make(team, likeness)


def _narrow(team: Any, holding: Event, go_on: Event | None) -> None:
    from django.db import transaction  # noqa: PLC0415

    from rakkan.audit.services import system  # noqa: PLC0415
    from rakkan.consents.models import Consent  # noqa: PLC0415
    from rakkan.consents.services import consent_narrow  # noqa: PLC0415
    from rakkan.productions.services.ending import end_carry_out  # noqa: PLC0415
    from tests.integration import people  # noqa: PLC0415

    consent = Consent.objects.get(granted_by=team.person, likeness__isnull=False)
    terms = people.terms(valid_until=datetime.now(UTC) + timedelta(days=9))
    with transaction.atomic():
        consent_narrow(user=team.person, consent=consent, terms=terms)
        holding.set()
        if go_on is not None:
            assert go_on.wait(PATIENCE)
    end_carry_out(consent, actor=system("race", consent.controller_id))


def _submit(team: Any, draft: Any) -> str:
    from rakkan.core.errors import RakkanError  # noqa: PLC0415
    from rakkan.productions.services.submit import production_submit  # noqa: PLC0415

    try:
        production_submit(user=team.requester, production_id=draft.pk)
    except RakkanError as error:
        return error.code
    return "submitted"


def _state(draft: Any) -> dict[str, str]:
    draft.refresh_from_db()
    return {"state": draft.state, "code": (draft.problem or {}).get("code", "")}


def _thread(act: Callable[[], None]) -> Thread:
    from django.db import connections  # noqa: PLC0415

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


def _until_somebody_waits() -> None:
    from django.db import connection  # noqa: PLC0415

    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while True:
            cursor.execute(waits)
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > deadline:
                raise TimeoutError("nobody waits: the two did not meet")


def main() -> int:
    """Run both orders and print what came of each."""
    django.setup()
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    from rakkan.core.tenancy import process_is_system  # noqa: PLC0415

    process_is_system()
    setup_test_environment()
    came = {"narrowing": narrowing_first(), "submission": submission_first()}
    sys.stdout.write(json.dumps(came) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

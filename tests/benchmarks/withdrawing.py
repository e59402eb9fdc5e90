"""A withdrawal under load, on a site of real processes: what bench_withdrawal and a test measure.

Run as a process of its own beside the site (``python -m tests.benchmarks.withdrawing STEP``), with
the site's environment: ``build`` makes the rows, ``withdraw`` withdraws and measures.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

PATIENCE = 120.0  # seconds until something that must come is missed


def build(releases: int, leased: int, drawn: int) -> dict[str, Any]:
    """Make one consent with so many released videos and leased jobs; return what to go on with.

    The released rows are written by the owner with triggers off (nothing can be released without
    being rendered); the leased jobs go the whole way to their claim.
    """
    from rakkan.productions.models import Production  # noqa: PLC0415
    from tests.integration import people  # noqa: PLC0415

    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent = people.consent_make(team, likeness)
    made = []
    for number in range(leased + drawn):
        draft = people.draft_make(team, likeness)
        people.approve(team.approver, people.submit(team.requester, draft))
        if number < leased:
            assert people.render_worker(draft).claim().status_code == 200
        made.append(draft.pk)
    _released(Production.objects.get(pk=made[0]), releases)
    return {
        "consent": str(consent.pk),
        "person": str(team.person.pk),
        "drawn": [str(pk) for pk in made[leased:]],  # wait for a real worker
    }


def _released(model: Any, count: int) -> None:
    from django.db import connection, transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from rakkan.productions.models import Production, new_asset_id  # noqa: PLC0415
    from rakkan.releases.models import GateReport, Release  # noqa: PLC0415

    now, tables = timezone.now(), (Production, GateReport, Release)
    names = [field.attname for field in Production._meta.concrete_fields]
    productions, reports, released = [], [], []
    for _ in range(count):
        values = {name: getattr(model, name) for name in names if name not in ("id", "asset_id")}
        row = Production(**{**values, "asset_id": new_asset_id(), "state": "released"})
        sha256 = os.urandom(32).hex()
        report = GateReport(
            subject_id=row.pk, file_sha256=sha256, passed=True, checks=[], checked_at=now
        )
        productions.append(row)
        reports.append(report)
        released.append(
            Release(
                subject_id=row.pk,
                asset_id=row.asset_id,
                organisation_id=row.organisation_id,
                gate=report,
                file_sha256=sha256,
                size=1,
                released_at=now,
            )
        )
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table._meta.db_table} DISABLE TRIGGER USER")
        for table, rows in zip(tables, (productions, reports, released), strict=True):
            table.objects.bulk_create(rows)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table._meta.db_table} ENABLE TRIGGER USER")


def withdraw(ids: dict[str, Any], folder: Path) -> dict[str, float]:
    """Withdraw while real workers draw, and measure what happens."""
    from rakkan.accounts.models import User  # noqa: PLC0415
    from rakkan.audit.services import system  # noqa: PLC0415
    from rakkan.consents.models import Consent  # noqa: PLC0415
    from rakkan.consents.services import consent_withdraw  # noqa: PLC0415
    from rakkan.dispatch.models import Job, PermitRevocation  # noqa: PLC0415
    from rakkan.productions.models import Production  # noqa: PLC0415
    from rakkan.productions.services.ending import end_carry_out  # noqa: PLC0415
    from rakkan.releases.models import Revocation  # noqa: PLC0415
    from tests.integration import people  # noqa: PLC0415

    jobs = Job.objects.filter(kind="render", subject_id__in=ids["drawn"], stage="drawing")
    _wait(lambda: jobs.count() == len(ids["drawn"]), "drawing")
    assert _drawn(folder), "a worker that draws has files"
    plain = _plain_update()
    consent = Consent.objects.get(pk=ids["consent"])
    user = User.objects.get(pk=ids["person"])
    queued = people.render_worker(Production.objects.get(pk=ids["drawn"][0]))

    began = time.perf_counter()
    _in_one_transaction(lambda: consent_withdraw(user=user, consent=consent, reason=""))
    blocked = time.perf_counter() - began
    refused = queued.claim().json()["code"]
    assert refused in ("consent-withdrawn", "job-not-claimable"), refused
    began = time.perf_counter()
    ended = end_carry_out(consent, actor=system("bench", consent.controller_id))
    flipped = time.perf_counter() - began
    began = time.perf_counter()
    _wait(lambda: not _drawn(folder), "the workers to delete what they drew")
    stopped = time.perf_counter() - began

    assert not Production.objects.filter(state__in=["released", "rendering", "queued"]).exists()
    assert not Job.objects.filter(kind="render", state__in=["queued", "leased"]).exists()
    assert not _files(folder / "blobs" / "quarantine"), "something drawn was handed in"
    return {
        "blocked": blocked,
        "flipped": flipped,
        "stopped": stopped,
        "plain": plain,
        "ended": float(ended),
        "revoked": float(Revocation.objects.count()),
        "called_back": float(PermitRevocation.objects.count()),
    }


def _plain_update() -> float:
    """Seconds that touching the same rows takes, in one statement each; rolled back."""
    from django.db import connection, transaction  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute("UPDATE productions_production SET changed_at = now()")
        cursor.execute("UPDATE dispatch_job SET progress = progress WHERE state = 'leased'")
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took


def _in_one_transaction(act: Callable[[], object]) -> None:
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        act()


def _drawn(folder: Path) -> list[Path]:
    """What the workers have of jobs they are at."""
    return [path for path in _files(folder / "work") if path.parent != folder / "work"]


def _files(folder: Path) -> list[Path]:
    """Every file below, also while somebody deletes folders there."""
    return [Path(top) / name for top, _, names in os.walk(folder) for name in names]


def _wait(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {PATIENCE:.0f} s")


def main(arguments: list[str]) -> int:
    """Run one step and print what it returns."""
    django.setup()
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    from rakkan.core.tenancy import process_is_system  # noqa: PLC0415

    process_is_system()
    setup_test_environment()
    step, *given = arguments
    if step == "build":
        print(json.dumps(build(*(int(number) for number in given))))
    else:
        print(json.dumps(withdraw(json.loads(given[0]), Path(given[1]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

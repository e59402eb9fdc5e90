"""Permit, use, rendering, sealing, gate report, release: no row without the one it stands on.

By SQL as the application's role and as the owner of the tables, with rows as real as they get:
each differs in one value from what PostgreSQL takes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from rakkan.approvals.models import Workflow
from rakkan.productions.models import Production
from tests.integration import people
from tests.integration.world import render_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_role")]

DATA = b"what a worker made"
SOURCE, SEALED, OTHER = hashlib.sha256(DATA).hexdigest(), "2" * 64, "3" * 64
PASSED = [{"number": 1, "name": "manifest", "outcome": "pass", "detail": ""}]
FAILED = [*PASSED, {"number": 2, "name": "watermark", "outcome": "fail", "detail": ""}]


def insert(table: str, values: dict[str, Any]) -> None:
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))  # noqa: S608


def refused(table: str, values: dict[str, Any]) -> str:
    with pytest.raises(Error) as error:
        insert(table, values)
    return str(error.value)


@pytest.fixture
def rendered(unjudged: Production) -> Production:
    """The same, and a worker has said that its lips follow the voice."""
    people.lips_measured(unjudged)
    return unjudged


@pytest.fixture
def unjudged() -> Production:
    """A production whose rendering came from a worker, under its permit."""
    production = people.approved_make(people.team_make())
    worker = people.render_worker(production)
    worker.claim()
    assert worker.upload(SOURCE, DATA).status_code == 201
    assert worker.result(render_result(DATA)).status_code == 200
    production.refresh_from_db()
    assert production.state == "rendered"
    return production


def sealing(production: Production, **changes: Any) -> dict[str, Any]:
    row = {
        "id": uuid4(),
        "subject_id": production.pk,
        "asset_id": production.asset_id,
        "source_sha256": SOURCE,
        "file_sha256": SEALED,
        "size": 1,
        "watermark": json.dumps({"asset_id": production.asset_id}),
        "sealed_at": timezone.now(),
    }
    return row | changes


def report(production: Production, **changes: Any) -> dict[str, Any]:
    row = {
        "id": uuid4(),
        "subject_id": production.pk,
        "file_sha256": SEALED,
        "passed": True,
        "checks": json.dumps(PASSED),
        "checked_at": timezone.now(),
    }
    return row | changes


def release(production: Production, gate: object, **changes: Any) -> dict[str, Any]:
    row = {
        "id": uuid4(),
        "subject_id": production.pk,
        "asset_id": production.asset_id,
        "organisation_id": production.organisation_id,
        "gate_id": gate,
        "file_sha256": SEALED,
        "size": 1,
        "released_at": timezone.now(),
    }
    return row | changes


def sealed(production: Production) -> None:
    insert("releases_sealing", sealing(production))
    Production.objects.filter(pk=production.pk).update(state="sealed")


def test_a_sealing_stands_on_the_permitted_rendering(rendered: Production) -> None:
    other = people.approved_make(people.team_make())
    late = timezone.now() + timedelta(days=4000)
    for changes in (
        {"source_sha256": OTHER},
        {"file_sha256": SOURCE},
        {"asset_id": other.asset_id},
        {"watermark": json.dumps({"asset_id": other.asset_id})},
        {"watermark": "{}"},
        {"subject_id": other.pk, "asset_id": other.asset_id},
        {"sealed_at": late},
    ):
        assert "no sealing" in refused("releases_sealing", sealing(rendered, **changes)), changes
    insert("releases_sealing", sealing(rendered))


def test_a_passed_gate_stands_on_the_sealed_file(rendered: Production) -> None:
    assert "no passed gate" in refused("releases_gatereport", report(rendered))
    sealed(rendered)
    over = Workflow.objects.get(subject_id=rendered.pk).expires_at
    for changes in (
        {"file_sha256": OTHER},
        {"checks": "[]"},
        {"checks": json.dumps(FAILED)},
        {"checks": json.dumps([{}])},
        {"checked_at": over},
    ):
        said = refused("releases_gatereport", report(rendered, **changes))
        assert "no passed gate" in said, changes
    insert("releases_gatereport", report(rendered, passed=False, checks=json.dumps(FAILED)))
    insert("releases_gatereport", report(rendered))


def test_a_release_stands_on_the_sealed_file_and_approvals(rendered: Production) -> None:
    sealed(rendered)
    passed = report(rendered)
    insert("releases_gatereport", passed)
    gate, team = passed["id"], people.team_make()
    over = Workflow.objects.get(subject_id=rendered.pk).expires_at
    for changes in (
        {"size": 2},
        {"released_at": over},
        {"organisation_id": team.organisation.pk},
        {"file_sha256": OTHER},
    ):
        said = refused("releases_release", release(rendered, gate, **changes))
        assert "no release" in said, changes
    other = release(rendered, gate, asset_id="0" * 16)
    assert "no used permit" in refused("releases_release", other)
    Production.objects.filter(pk=rendered.pk).update(state="stopped")
    assert "no release" in refused("releases_release", release(rendered, gate))


def test_a_release_stands_on_lips_that_follow_the_voice(unjudged: Production) -> None:
    sealed(unjudged)
    passed = report(unjudged)
    insert("releases_gatereport", passed)
    said = refused("releases_release", release(unjudged, passed["id"]))
    assert "lips that follow" in said

    people.lips_measured(unjudged, in_time=0.0, best=0.1)
    assert "lips that follow" in refused("releases_release", release(unjudged, passed["id"]))

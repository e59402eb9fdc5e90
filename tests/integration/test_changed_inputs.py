"""One bit changed in any input after approval: refused at dispatch, and no permit is minted.

The tests connect as the owner of the tables, with triggers and checks switched off: whoever changes
something here has stepped over every wall of the database already. Columns of a production and
fields of a job's specification join by themselves. What a worker makes of such a change is in
tests/unit/generation_worker/test_worker_permits.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from compliance.permit import InputFile, JobSpec
from rakkan.approvals.models import Decision, Workflow
from rakkan.consents.models import Consent
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.productions.models import INPUTS, Production
from tests.integration import people

pytestmark = [pytest.mark.usefixtures("as_owner"), pytest.mark.django_db]

_OPENED = (
    *("productions_production", "dispatch_job", "consents_consent"),
    *("approvals_workflow", "approvals_decision"),
)


def changed(value: Any) -> Any:
    """The same with its lowest bit turned over, or with as little more."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, float):
        return value + 0.5
    if isinstance(value, str):
        return chr(ord(value[0]) ^ 1) + value[1:] if value else "x"
    if isinstance(value, (list, tuple)):
        return [changed(value[0]), *value[1:]] if value else ["x"]
    if isinstance(value, dict):
        key = sorted(value)[0]
        return {**value, key: changed(value[key])}
    raise AssertionError(f"How is one bit of {value!r} changed?")


def walls_down() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no ALTER TABLE while checks are pending
        for table in _OPENED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'u')"
                " AND conrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def expect_no_permit(production: Production, act: Callable[[], object]) -> str:
    """Change something; the job that could be claimed is refused. Returns the code."""
    worker = people.render_worker(production)
    walls_down()
    act()

    answer = worker.claim()

    assert answer.status_code >= 400, answer.content
    assert not IssuedPermit.objects.filter(job=worker.job_id).exists()
    assert Production.objects.get(pk=production.pk).state in ("queued", "stopped", "failed")
    return str(answer.json()["code"])


# What a draft was made from says what it is compared with; nothing is made of it.
HISTORY = ("made_from_id",)


@pytest.mark.parametrize("column", [name for name in INPUTS if name not in HISTORY])
def test_a_changed_column_of_the_request_gets_no_permit(column: str) -> None:
    production = people.approved_make(people.team_make())
    value = getattr(production, column)
    if column.endswith("_id") and column != "asset_id":
        value = getattr(people.submitted_make(people.team_make()), column)  # somebody else's
    else:
        value = changed(value)

    def act() -> None:
        row = Production.objects.get(pk=production.pk)
        setattr(row, column, value)
        row.save(update_fields=[column.removesuffix("_id") if column != "asset_id" else column])

    assert expect_no_permit(production, act)


def test_the_same_job_unchanged_gets_its_permit() -> None:
    """Else the tests here would pass with jobs that nobody could claim."""
    production = people.approved_make(people.team_make())
    worker = people.render_worker(production)
    walls_down()

    assert worker.claim().status_code == 200


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(JobSpec)])
def test_a_changed_field_of_the_job_gets_no_permit(field: str) -> None:
    production = people.approved_make(people.team_make())

    def act() -> None:
        job = Job.objects.get(subject_id=production.pk, kind="render")
        value = "measure" if field == "kind" else changed(job.spec.get(field, ""))
        job.spec = {**job.spec, field: value}
        job.save(update_fields=["spec"])

    code = expect_no_permit(production, act)
    unclaimable = field in ("engine", "weights")  # no worker here has those
    assert code == ("job-not-claimable" if unclaimable else "request-changed")


@pytest.mark.parametrize("role", ["portrait", "voice", "label"])
@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(InputFile)])
def test_a_changed_input_of_the_job_gets_no_permit(role: str, field: str) -> None:
    production = people.approved_make(people.team_make())

    def act() -> None:
        job = Job.objects.get(subject_id=production.pk, kind="render")
        inputs = [
            {**item, field: changed(item[field])} if item["role"] == role else item
            for item in job.spec["inputs"]
        ]
        job.spec = {**job.spec, "inputs": inputs}
        job.save(update_fields=["spec"])

    assert expect_no_permit(production, act) == "request-changed"


@pytest.mark.parametrize("column", ["asset_id", "request_digest"])
def test_a_job_that_stands_for_another_request_gets_no_permit(column: str) -> None:
    production = people.approved_make(people.team_make())

    def act() -> None:
        job = Job.objects.get(subject_id=production.pk, kind="render")
        setattr(job, column, changed(getattr(job, column)))
        job.save(update_fields=[column])

    assert expect_no_permit(production, act) == "request-changed"


@pytest.mark.parametrize("role", ["portrait", "voice", "label"])
def test_one_changed_bit_in_storage_gets_no_permit(role: str) -> None:
    production = people.approved_make(people.team_make())

    def act() -> None:
        job = Job.objects.get(subject_id=production.pk, kind="render")
        sha256 = job.job_spec().input(role).sha256
        store, name = storages["blobs"], f"inputs/{sha256[:2]}/{sha256}"
        with store.open(name, "rb") as stream:
            data = bytearray(stream.read())
        data[len(data) // 2] ^= 1
        store.delete(name)
        store.save(name, ContentFile(bytes(data)))

    assert expect_no_permit(production, act) == "blob-changed"


@pytest.mark.parametrize("pinned", ["consent", "voice_consent"])
@pytest.mark.parametrize(
    "column", ["record_digest", "purposes", "channels", "territories", "languages", "valid_until"]
)
def test_a_changed_consent_gets_no_permit(pinned: str, column: str) -> None:
    production = people.approved_make(people.team_make())
    consent = getattr(production, pinned)
    assert isinstance(consent, Consent)
    old = getattr(consent, column)
    value = timezone.now() - timedelta(seconds=1) if column == "valid_until" else ["x"]
    value = changed(old) if column == "record_digest" else value

    def act() -> None:
        Consent.objects.filter(pk=consent.pk).update(**{column: value})

    assert expect_no_permit(production, act)


@pytest.mark.parametrize("model", [Workflow, Decision])
def test_an_approval_of_other_inputs_gets_no_permit(model: type[Workflow] | type[Decision]) -> None:
    production = people.approved_make(people.team_make())

    def act() -> None:
        for row in model.objects.all():
            row.subject_digest = changed(row.subject_digest)
            row.save(update_fields=["subject_digest"])

    assert expect_no_permit(production, act)

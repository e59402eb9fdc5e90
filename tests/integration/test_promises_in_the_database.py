"""The three promises hold against plain SQL too: rights, constraints and triggers carry them.

As the application's role a statement fails for want of the right, or at a constraint or trigger; as
the owner of the tables, who has every right, at the constraint or trigger.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, Policy, Workflow
from rakkan.approvals.services import delegation_add
from rakkan.audit.models import Event, Leaf
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, events_sequence, system
from rakkan.productions.models import Rendering
from rakkan.releases.models import GateReport, Release
from tests.integration import people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_role")]


def refused(sql: str, *values: object) -> str:
    """Run SQL that must be refused and return why."""
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


def no_right_or(trigger_says: str, role: str) -> str:
    """What stops the application's role, and what stops the owner."""
    return trigger_says if role == "owner" else "permission denied"


@pytest.mark.parametrize(
    "table",
    [
        "accounts_membership",
        "audit_event",
        "audit_leaf",
        "consents_consent",
        "approvals_decision",
    ],
)
@pytest.mark.parametrize(
    "statement", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t} CASCADE"]
)
def test_append_only_tables_refuse_update_delete_and_truncate(
    table: str, statement: str, each_role: str
) -> None:
    production = people.approved_make(people.team_make())
    events_sequence()
    column = "sequence" if table == "audit_leaf" else "id"
    assert production.state == "queued"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else pending checks refuse it first

    message = refused(statement.format(t=table, c=column))

    locked = table == "consents_consent" and statement.startswith("UPDATE")
    assert ("append-only" if locked else no_right_or("append-only", each_role)) in message


@pytest.mark.parametrize("table", ["consents_withdrawal", "accounts_strongauthentication"])
def test_no_table_of_a_session_stands_before_one_that_triggers_ask(
    table: str, each_role: str
) -> None:
    if each_role == "owner":
        pytest.skip("the owner of a database makes what it likes; the program never is the owner")

    message = refused(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})")

    assert "permission denied to create temporary tables" in message


def test_the_log_refuses_a_gap_and_a_repeated_number() -> None:
    with transaction.atomic():
        made = event_record(EventName.LOG_READ, actor=system("test"), subject=Subject("log", "1"))
    event = Event.objects.get(pk=made)
    number = Leaf.objects.count() + 5

    message = refused(
        "INSERT INTO audit_leaf (sequence, event_id, occurred_at, leaf_hash, sequenced_at)"
        " VALUES (%s, %s, %s, %s, now())",
        number,
        event.pk,
        event.occurred_at,
        b"\0" * 32,
    )

    assert "gap-free" in message


def test_the_sequencer_numbers_each_event_once_and_without_gaps() -> None:
    people.approved_make(people.team_make())
    assert events_sequence() == Event.objects.count()

    assert events_sequence() == 0
    numbers = list(Leaf.objects.order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(len(numbers)))


def test_the_log_numbers_events_as_they_were_written_whatever_the_clock_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, written = timezone.now(), []
    for minutes in (0, -10, 0, 5, 0, 0):  # the clock goes back, and stands still
        monkeypatch.setattr(timezone, "now", lambda at=now + timedelta(minutes=minutes): at)
        about = Subject("log", str(len(written)))
        with transaction.atomic():
            written.append(event_record(EventName.LOG_READ, actor=system("test"), subject=about))
    events_sequence()

    numbered = Leaf.objects.filter(event__in=written).order_by("sequence")

    assert [str(leaf.event_id) for leaf in numbered] == written


def test_an_event_outside_a_transaction_of_its_act_is_refused() -> None:
    assert connection.in_atomic_block  # of the test: so the check itself is asked directly
    with pytest.raises(ValueError, match="nonsense"), transaction.atomic():
        event_record("nonsense.event", actor=system("test"), subject=Subject("x", "1"))  # type: ignore[arg-type]


def test_a_requester_cannot_be_the_approver_even_by_sql() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    workflow = Workflow.objects.get(subject_id=production.pk)

    with pytest.raises(IntegrityError, match="approver_is_not_the_requester"), transaction.atomic():
        Decision.objects.create(
            step=workflow.steps.get(),
            workflow=workflow,
            requester=team.requester,
            depicted=team.person,
            speaker=team.person,
            approver=team.requester,
            verdict="approve",
            subject_digest=workflow.subject_digest,
            decided_at=timezone.now(),
        )


def test_a_decision_about_another_digest_or_requester_is_refused_by_trigger() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    workflow = Workflow.objects.get(subject_id=production.pk)
    base = {
        "step": workflow.steps.get(),
        "workflow": workflow,
        "requester": team.requester,
        "depicted": team.person,
        "speaker": team.person,
        "approver": team.approver,
        "verdict": "approve",
        "subject_digest": workflow.subject_digest,
        "decided_at": timezone.now(),
    }

    for change in ({"subject_digest": "0" * 64}, {"requester": team.auditor}):
        with pytest.raises(IntegrityError, match="does not fit"), transaction.atomic():
            Decision.objects.create(**base | change)


def test_inputs_are_frozen_once_submitted() -> None:
    production = people.submitted_make(people.team_make())

    message = refused(
        "UPDATE productions_production SET voice_sha256 = %s WHERE id = %s",
        "0" * 64,
        production.pk,
    )

    assert "Cannot update" in message


def test_a_state_cannot_jump() -> None:
    production = people.submitted_make(people.team_make())

    message = refused(
        "UPDATE productions_production SET state = 'released' WHERE id = %s", production.pk
    )

    assert "Invalid transition" in message


def test_a_rule_can_be_retired_but_never_rewritten(each_role: str) -> None:
    team = people.team_make(steps=["legal"])

    append_only = no_right_or("append-only", each_role)
    assert append_only in refused("UPDATE approvals_policystep SET quorum = 2")
    assert append_only in refused("DELETE FROM approvals_policystep")
    assert append_only in refused("UPDATE approvals_policy SET purposes = '{marketing}'")
    assert append_only in refused("DELETE FROM approvals_policy")
    people.policy_end(Policy.objects.get(organisation=team.organisation))
    assert not Policy.objects.in_force().filter(organisation=team.organisation).exists()


def test_nothing_is_born_further_on_its_way() -> None:
    production = people.approved_make(people.team_make())
    job = people.job_of(production.pk, people.JobKind.RENDER)

    for row, table, start in (
        (production, "productions_production", "draft"),
        (job, "dispatch_job", "queued"),
    ):
        columns = [f.column for f in row._meta.concrete_fields if f.column not in ("id", "state")]
        if table == "productions_production":
            columns.remove("asset_id")
        names = ", ".join(columns)
        extra = ", asset_id" if table == "productions_production" else ""
        value = ", 'ffffffffffffffff'" if extra else ""
        message = refused(
            f"INSERT INTO {table} (id, state{extra}, {names})"  # noqa: S608
            f" SELECT gen_random_uuid(), 'failed'{value}, {names} FROM {table} WHERE id = %s",
            row.pk,
        )
        assert f"starts as {start}" in message


def test_a_production_cannot_be_deleted(each_role: str) -> None:
    production = people.submitted_make(people.team_make())

    assert no_right_or("Cannot delete", each_role) in refused(
        "DELETE FROM productions_production WHERE id = %s", production.pk
    )


def test_no_permit_no_render_holds_for_rows_too() -> None:
    production = people.approved_make(people.team_make())
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    permit = people.job_of(production.pk, people.JobKind.RENDER).permits.get()

    with pytest.raises(IntegrityError, match="no permit, no render"), transaction.atomic():
        Rendering.objects.create(
            production=production,
            permit=permit,  # minted, but never used by an accepted result
            file_sha256="0" * 64,
            size=1,
            result={},
            received_at=timezone.now(),
        )


def test_no_mark_no_release_holds_for_rows_too() -> None:
    production = people.approved_make(people.team_make())
    report = GateReport.objects.create(
        subject_id=production.pk,
        file_sha256="0" * 64,
        passed=False,
        checks=[],
        checked_at=timezone.now(),
    )

    with pytest.raises(IntegrityError, match="no mark, no release"), transaction.atomic():
        Release.objects.create(
            subject_id=production.pk,
            asset_id=production.asset_id,
            organisation=production.organisation,
            gate=report,
            file_sha256="0" * 64,
            size=1,
            released_at=timezone.now(),
        )


def test_no_gate_passes_what_was_never_rendered() -> None:
    production = people.approved_make(people.team_make())

    with pytest.raises(IntegrityError, match="no passed gate"), transaction.atomic():
        GateReport.objects.create(
            subject_id=production.pk,
            file_sha256="0" * 64,
            passed=True,
            checks=[{"number": 1, "name": "manifest", "outcome": "pass", "detail": ""}],
            checked_at=timezone.now(),
        )


def test_what_a_job_is_to_do_cannot_be_changed_afterwards(each_role: str) -> None:
    production = people.approved_make(people.team_make())
    job = people.job_of(production.pk, people.JobKind.RENDER)

    for column in ("asset_id", "request_digest", "queue"):
        said = refused(f"UPDATE dispatch_job SET {column} = 'x' WHERE id = %s", job.pk)  # noqa: S608
        assert "Cannot update" in said
    said = refused("DELETE FROM dispatch_job WHERE id = %s", job.pk)
    assert no_right_or("Cannot delete", each_role) in said
    done = "UPDATE dispatch_job SET state = 'done', finished_at = now() WHERE id = %s"
    assert "Invalid transition" in refused(done, job.pk)


def test_a_delegation_is_shortened_only_and_never_deleted(each_role: str) -> None:
    team = people.team_make()
    deputy = people.user_make(team.organisation, Role.APPROVER)
    until = timezone.now() + timedelta(days=1)
    delegation = delegation_add(
        user=team.approver, to_user_id=deputy.pk, valid_from=timezone.now(), valid_until=until
    )

    longer = "UPDATE approvals_delegation SET valid_until = valid_until + interval '1 day'"
    assert "Cannot update" in refused(longer)
    said = refused("DELETE FROM approvals_delegation WHERE id = %s", delegation.pk)
    assert no_right_or("Cannot delete", each_role) in said

"""What somebody with the database at hand might try; PostgreSQL has to refuse every one.

The statements run as the application's role. What even the owner of the tables may not do is in
tests/integration/test_promises_in_the_database.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from rakkan.accounts.models import Membership
from rakkan.approvals.models import Workflow
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.previews.models import Preview, PreviewUpload
from rakkan.productions.models import Production
from rakkan.productions.states import TRANSITIONS, State
from tests.properties.sql_late import LATE
from tests.properties.sql_rows import ROWS, Statement


def _append_only() -> list[str]:
    """Every table whose rows are never changed, as its triggers say."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if any(t.name.endswith("_no_change") for t in getattr(model._meta, "triggers", []))
    )


APPEND_ONLY = _append_only()


def refused(statements: list[Statement]) -> bool | None:
    """Whether the database refuses them; None where there is no row to try it on."""
    touched = 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(statement, values)
                rows = statement.startswith(("INSERT", "UPDATE", "DELETE"))
                touched += max(cursor.rowcount, 0) if rows else 1
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False if touched else None


def jump(production: Production, draw: int) -> list[Statement]:
    """Put a production into a state that none leads to from where it is."""
    current = State(production.state)
    far = [state for state in State if state not in TRANSITIONS[current] and state is not current]
    target = far[draw % len(far)].value
    return [("UPDATE productions_production SET state = %s WHERE id = %s", [target, production.pk])]


def inputs(production: Production, draw: int) -> list[Statement]:
    """Exchange an input of a submitted production."""
    if production.state == "draft":
        return []
    columns = ("voice_sha256", "request_digest", "purpose", "prompt", "asset_id", "voice_origin")
    column = columns[draw % 6]
    statement = f"UPDATE productions_production SET {column} = 'x' WHERE id = %s"  # noqa: S608
    return [(statement, [production.pk])]


def removal(production: Production, _: int) -> list[Statement]:
    """Delete a production."""
    return [("DELETE FROM productions_production WHERE id = %s", [production.pk])]


def decision(production: Production, draw: int) -> list[Statement]:
    """Approve as the requester, the depicted person, the speaker, or about another digest."""
    workflow = Workflow.objects.filter(subject_id=production.pk).first()
    if workflow is None:
        return []
    others = [workflow.requester_id, workflow.depicted_id, workflow.speaker_id]
    others += [production.organisation_id]
    digest = "0" * 64 if draw % 4 == 3 else workflow.subject_digest
    step = workflow.steps.first()
    assert step is not None
    columns = (
        "id, step_id, workflow_id, requester_id, depicted_id, speaker_id, approver_id, verdict,"
        " subject_digest, comment, decided_at"
    )
    values = [uuid4(), step.pk, workflow.pk, workflow.requester_id, workflow.depicted_id]
    values += [workflow.speaker_id]
    values += [others[draw % 4], "approve", digest, "", timezone.now()]
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO approvals_decision ({columns}) VALUES ({marks})"  # noqa: S608
    return [(statement, values)]


def unconfirmed(production: Production, draw: int) -> list[Statement]:
    """Approve as an approver who has not shown in the last minutes that it is them."""
    workflow = Workflow.objects.filter(subject_id=production.pk).first()
    if workflow is None:
        return []
    step = workflow.steps.order_by("stage")[0]
    columns = (
        "id, step_id, workflow_id, requester_id, depicted_id, speaker_id, approver_id, verdict,"
        " subject_digest, comment, decided_at"
    )
    moment = timezone.now() + timedelta(minutes=6)
    values = [uuid4(), step.pk, workflow.pk, workflow.requester_id, workflow.depicted_id]
    values += [workflow.speaker_id]
    approvers = Membership.objects.filter(role="approver").order_by("user_id")
    values += [approvers[draw % len(approvers)].user_id, "approve", workflow.subject_digest]
    values += ["", moment]
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO approvals_decision ({columns}) VALUES ({marks})"  # noqa: S608
    return [(statement, values)]


def rendering(production: Production, draw: int) -> list[Statement]:
    """Claim a rendering under a permit that was not used for it, or under none."""
    permits = IssuedPermit.objects.filter(use=None) | IssuedPermit.objects.exclude(
        job__subject_id=production.pk
    )
    ids = list(permits.order_by("issued_at").values_list("pk", flat=True)) or [uuid4()]
    statement = (
        "INSERT INTO productions_rendering (id, production_id, permit_id, file_sha256, size,"
        " result, received_at) VALUES (%s, %s, %s, %s, 1, '{}', %s)"
    )
    values = [uuid4(), production.pk, ids[draw % len(ids)], "0" * 64, timezone.now()]
    return [(statement, values)]


def release(production: Production, draw: int) -> list[Statement]:
    """Release a file whose gate failed, or passed another file."""
    gate, now = uuid4(), timezone.now()
    passed, file = draw % 2 == 1, "0" * 64
    report = (
        "INSERT INTO releases_gatereport (id, subject_id, file_sha256, passed, checks, checked_at)"
        " VALUES (%s, %s, %s, %s, '[]', %s)"
    )
    statement = (
        "INSERT INTO releases_release (id, subject_id, asset_id, organisation_id, gate_id,"
        " file_sha256, size, released_at) VALUES (%s, %s, %s, %s, %s, %s, 1, %s)"
    )
    values = [uuid4(), production.pk, production.asset_id, production.organisation_id]
    return [
        (report, [gate, production.pk, "1" * 64 if passed else file, passed, now]),
        (statement, [*values, gate, file, now]),
    ]


def preview(production: Production, draw: int) -> list[Statement]:
    """Look at a preview that is over, or put one, or its asset id, on the way to a release."""
    rows = Preview.objects.filter(subject_id=production.pk)
    one, now = rows.last(), timezone.now()
    if one is None:
        return []
    upload = PreviewUpload.objects.filter(preview=one).first()
    file = upload.file_sha256 if upload else "0" * 64
    sealing = (
        "INSERT INTO releases_sealing (id, subject_id, asset_id, source_sha256, file_sha256, size,"
        " watermark, sealed_at) VALUES (%s, %s, %s, %s, %s, 1, '{}', %s)"
    )
    viewing = (
        "INSERT INTO previews_previewviewing (id, preview_id, user_id, viewed_at)"
        " VALUES (%s, %s, %s, %s)"
    )
    if draw % 3 == 0:
        return [(sealing, [uuid4(), production.pk, one.asset_id, "1" * 64, "2" * 64, now])]
    if draw % 3 == 1 and upload:
        return [(sealing, [uuid4(), production.pk, production.asset_id, file, "2" * 64, now])]
    over = hasattr(one, "end") or not hasattr(one, "file")
    return [(viewing, [uuid4(), one.pk, production.requester_id, now])] if over else []


def history(_: Production, draw: int) -> list[Statement]:
    """Change, delete or empty a table that only grows."""
    table = APPEND_ONLY[draw % len(APPEND_ONLY)]
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    columns = [field.column for field in model._meta.concrete_fields]
    column = columns[draw * 7 % len(columns)]
    forms = (
        f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"TRUNCATE {table} CASCADE",
        f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1",  # noqa: S608  the same row again
    )
    return [(forms[draw // 3 % 4], [])]


def gap(_: Production, draw: int) -> list[Statement]:
    """Leave numbers of the log out."""
    statement = (
        "INSERT INTO audit_leaf (sequence, event_id, occurred_at, leaf_hash, sequenced_at)"
        " SELECT (SELECT count(*) FROM audit_leaf) + %s, id, occurred_at, '\\x00', now()"
        " FROM audit_event e"
        " WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id) LIMIT 1"
    )
    return [(statement, [1 + draw % 5])]


def promotion(production: Production, draw: int) -> list[Statement]:
    """Give somebody who has a part in productions the keys as well, or an audit without an end."""
    users = [production.requester_id, production.likeness.person.user_id]
    role = ("administrator", "operator", "auditor")[draw % 3]
    statement = (
        "INSERT INTO accounts_membership (id, user_id, role, granted_at, granted_by_id,"
        " valid_until) SELECT %s, m.user_id, %s, now(), NULL, NULL FROM accounts_membership m"
        " WHERE m.user_id = %s AND m.role IN ('requester', 'depicted_person') AND NOT EXISTS"
        " (SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id) LIMIT 1"
    )
    return [(statement, [uuid4(), role, users[draw % 2]])]


def abdication(_: Production, draw: int) -> list[Statement]:
    """Take the last administrator away, by their role or by their account."""
    last = (
        "SELECT u.id FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id"
        " AND m.role = 'administrator' WHERE u.is_active AND NOT EXISTS"
        " (SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id)"
    )
    ending = """
        INSERT INTO accounts_membershipend (id, membership_id, ended_at, ended_by_id)
        SELECT gen_random_uuid(), m.id, now(), m.user_id FROM accounts_membership m
        WHERE m.role = 'administrator' AND NOT EXISTS
            (SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id)
    """
    closing = f"UPDATE accounts_user SET is_active = false WHERE id IN ({last})"  # noqa: S608
    return [((ending, closing)[draw % 2], [])]


def permit(production: Production, draw: int) -> list[Statement]:
    """Make up a job, its lease and its permit for what was not approved, or a lease's number."""
    now = timezone.now()
    given = (
        "INSERT INTO dispatch_issuedpermit (id, job_id, fence, token, issued_at, expires_at)"
        " VALUES (%s, %s, %s, '\\x00', %s, %s)"
    )
    leased = Job.objects.filter(kind="render", subject_id=production.pk).first()
    if leased is not None:
        number = leased.fence + 1 + draw % 3
        return [(given, [uuid4(), leased.pk, number, now, now + timedelta(hours=1)])]
    pattern = Job.objects.filter(organisation=production.organisation_id).first()
    if pattern is None:
        return []
    job, later = uuid4(), now + timedelta(hours=1)
    values = {
        "id": job,
        "kind": "render",
        "subject_id": production.pk,
        "request_digest": production.request_digest,
        "asset_id": production.asset_id,
        "state": "queued",
        "fence": 0,
        "lease_hash": "",
        "lease_until": None,
        "finished_at": None,
    }
    columns = [column.column for column in Job._meta.concrete_fields]
    chosen = ", ".join("%s" if name in values else name for name in columns)
    made = (
        f"INSERT INTO dispatch_job ({', '.join(columns)})"  # noqa: S608
        f" SELECT {chosen} FROM dispatch_job WHERE id = %s"
    )
    lease = (
        "UPDATE dispatch_job SET state = 'leased', fence = 1, lease_hash = 'x', lease_until = %s"
        " WHERE id = %s"
    )
    return [
        (made, [*(values[name] for name in columns if name in values), pattern.pk]),
        (lease, [later, job]),
        (given, [uuid4(), job, 1, now, later]),
    ]


TAKEOVERS = (  # each alone must be refused to a role that owns nothing
    "ALTER TABLE {t} DISABLE TRIGGER USER",
    "ALTER TABLE {t} DISABLE TRIGGER ALL",
    "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {t} OWNER TO CURRENT_USER",
    "ALTER TABLE {t} ADD COLUMN more int",
    "DROP POLICY rakkan_tenant ON {t}",
    "CREATE POLICY more ON {t} USING (true)",
    "CREATE RULE quiet AS ON INSERT TO {t} DO INSTEAD NOTHING",
    "CREATE INDEX more ON {t} (id)",
    "DROP TABLE {t} CASCADE",
    "TRUNCATE {t} CASCADE",
    "SET LOCAL session_replication_role = 'replica'",
    "SET LOCAL row_security = off; SELECT 1 FROM {t}",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean"
    " LANGUAGE sql IMMUTABLE AS 'SELECT true'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SET LOCAL ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "GRANT {owner} TO CURRENT_USER",
    "CREATE SCHEMA more",
    "CREATE TABLE more (id int)",
    "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER TABLE {t} RENAME TO more",
    "ALTER TABLE {t} ALTER COLUMN id DROP NOT NULL",
    "COMMENT ON TABLE {t} IS 'mine'",
    "SELECT setval('audit_event_written', 1)",
)
# Names that triggers look up, and would find in the session's own schema first.
SHADOWED = (
    *("consents_withdrawal", "consents_supersession", "consents_consent", "approvals_decision"),
    *("approvals_workflowstep", "accounts_strongauthentication", "dispatch_permitrevocation"),
    *("previews_previewend", "accounts_membership", "releases_gatereport"),
)


def takeover(_: Production, draw: int) -> list[Statement]:
    """Drop a wall: triggers, policies, tables, or what the role may not do."""
    table = APPEND_ONLY[draw % len(APPEND_ONLY)]
    table = "productions_production" if table == "audit_leaf" else table  # which has no id
    takeover = TAKEOVERS[draw % len(TAKEOVERS)]
    return [(takeover.format(t=table, owner=_owner() if "{owner}" in takeover else ""), [])]


def _owner() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'audit_event'")
        return str(cursor.fetchone()[0])


def shadow(_: Production, draw: int) -> list[Statement]:
    """Put a table of one's own before one that the triggers ask."""
    table = SHADOWED[draw % len(SHADOWED)]
    return [(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})", [])]


def ignoring(production: Production, draw: int) -> list[Statement]:
    """Ask django-pgtrigger to leave its triggers out, then jump."""
    names = "{productions_production:production_transitions,consents_consent:consent_no_change}"
    return [(f"SET LOCAL pgtrigger.ignore = '{names}'", []), *jump(production, draw)]


def trespass(production: Production, _: int) -> list[Statement]:
    """Withdraw a consent while working for another organisation."""
    if production.consent is None:
        return []
    statement = (
        "INSERT INTO consents_withdrawal (id, consent_id, withdrawn_by_id, withdrawn_at, reason)"
        " VALUES (%s, %s, %s, %s, '')"
    )
    values = [uuid4(), production.consent_id, production.consent.granted_by_id, timezone.now()]
    elsewhere = "SELECT set_config('rakkan.organisation', %s, true)"
    return [(elsewhere, [str(uuid4())]), (statement, values)]


Attempt = Callable[[Production, int], list[Statement]]
ATTEMPTS: tuple[Attempt, ...] = (
    jump,
    inputs,
    removal,
    decision,
    unconfirmed,
    rendering,
    release,
    preview,
    history,
    gap,
    promotion,
    abdication,
    permit,
    takeover,
    ignoring,
    trespass,
    shadow,
    *ROWS,
    *LATE,
)

"""Rows that somebody with the database at hand might make up: each alone must be refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.utils import timezone

from rakkan.accounts.models import Membership
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, Delegation, Policy, Review, Workflow
from rakkan.approvals.ruling import RuleChange
from rakkan.consents.models import Consent, Supersession
from rakkan.dispatch.models import Job
from rakkan.identity.models import IdentityCheck
from rakkan.lifecycle.models import Erasure
from rakkan.likenesses.models import Guardianship
from rakkan.previews.models import Preview, PreviewDestruction
from rakkan.productions.models import LipsMeasurement, Production, Rendering
from rakkan.productions.states import TRANSITIONS, State
from rakkan.releases.models import GateReport, Release, Removal, Sealing
from rakkan.vault.models import SubjectKey

Statement = tuple[str, list[object]]
_FORWARD = ("in_approval", "queued", "rendering", "rendered", "sealed", "released")


def inserted(model: type[models.Model], **values: object) -> Statement:
    """A row with these columns and a new id."""
    columns = {"id": uuid4(), **values}
    marks = ", ".join(["%s"] * len(columns))
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
        list(columns.values()),
    )


def copied(row: models.Model, **values: object) -> Statement:
    """Another row like this one, under a new id and with these columns."""
    changed = {"id": uuid4(), **values}
    columns = [field.column for field in row._meta.concrete_fields]
    chosen = ", ".join("%s" if name in changed else name for name in columns)
    table = row._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}"  # noqa: S608
        " WHERE id = %s",
        [*(changed[name] for name in columns if name in changed), row.pk],
    )


def updated(row: models.Model, **values: object) -> Statement:
    """This row, changed."""
    table, key = row._meta.db_table, row._meta.pk
    assert key is not None
    sets = ", ".join(f"{name} = %s" for name in values)
    return (
        f"UPDATE {table} SET {sets} WHERE {key.column} = %s",  # noqa: S608
        [*values.values(), row.pk],
    )


def _one(rows: models.QuerySet[Any], draw: int) -> Any:
    found = list(rows.order_by("pk"))
    return found[draw % len(found)] if found else None


def consent(production: Production, draw: int) -> list[Statement]:
    """Consent for somebody else, or to nothing, or for no time."""
    row = _one(Consent.objects.select_related("likeness__person", "voice__person"), draw)
    if row is None:
        return []
    proxies = set(Guardianship.objects.filter(person=row.person).values_list("guardian", flat=True))
    others = {production.requester_id, production.organisation_id} - {row.person.user_id} - proxies
    other = sorted(others)[draw % len(others)]
    now = timezone.now()
    forms: list[dict[str, object]] = [
        {"granted_by_id": other},
        {"granted_by_id": other, "granted_at": now - timedelta(days=30)},
        {"purposes": []},
        {"valid_until": row.valid_from},
        {"permitted_changes": ["anything"]},
        {"likeness_id": None, "voice_id": None},
    ]
    return [copied(row, **forms[draw % len(forms)])]


def forward(production: Production, draw: int) -> list[Statement]:
    """Go on with a production one of whose consents has ended."""
    ended = [
        each
        for each in (production.consent, production.voice_consent)
        if each is None or hasattr(each, "withdrawal") or hasattr(each, "supersession")
    ]
    ways = [state.value for state in TRANSITIONS[State(production.state)]]
    ways = [state for state in ways if state in _FORWARD]
    if production.state == State.RENDERING:  # back into the queue leads nowhere new
        ways = [state for state in ways if state != "queued"]
    if not ended or not ways:
        return []
    return [updated(production, state=ways[draw % len(ways)])]


def sealing(production: Production, draw: int) -> list[Statement]:
    """Seal what was not rendered, or what carries another mark."""
    rendering = Rendering.objects.filter(production=production).first()
    source = rendering.file_sha256 if rendering and draw % 2 else "1" * 64
    mark = '{"asset_id": "0000000000000000"}'
    if source == "1" * 64:
        mark = f'{{"asset_id": "{production.asset_id}"}}'
    values = {"source_sha256": source, "file_sha256": "2" * 64, "size": 1, "watermark": mark}
    about = {"subject_id": production.pk, "asset_id": production.asset_id}
    return [inserted(Sealing, **about, **values, sealed_at=timezone.now())]


def gate(production: Production, draw: int) -> list[Statement]:
    """Let the gate pass another file, one nobody checked, or one that failed."""
    sealed = Sealing.objects.filter(subject_id=production.pk).first()
    file = sealed.file_sha256 if sealed and draw % 3 else "3" * 64
    checks = ("[]", '[{"name": "signature", "outcome": "fail"}]')[draw % 2]
    if file == "3" * 64:
        checks = '[{"name": "signature", "outcome": "pass"}]'
    about = {"subject_id": production.pk, "file_sha256": file, "checked_at": timezone.now()}
    return [inserted(GateReport, **about, passed=True, checks=checks)]


def lips(production: Production, draw: int) -> list[Statement]:
    """Say of a file that its lips follow: unasked, of another file, or against what was said."""
    rendering = Rendering.objects.filter(production=production).first()
    job = _one(Job.objects.filter(organisation=production.organisation_id), draw)
    if rendering is None or job is None:
        return []
    said = LipsMeasurement.objects.filter(rendering=rendering).first()
    if said is not None:
        return [updated(said, outcome="in-step"), copied(said)][draw % 2 : draw % 2 + 1]
    own = Job.objects.filter(subject_id=rendering.pk).first()
    about = {"rendering_id": rendering.pk, "facts": "{}", "measured_at": timezone.now()}
    file = ("4" * 64, rendering.file_sha256)[draw % 2]
    asked = own if own is not None and draw % 4 > 1 else job
    values = {"job_id": asked.pk, "file_sha256": file, "outcome": "in-step"}
    return [inserted(LipsMeasurement, **about, **values)]


def workflow(production: Production, draw: int) -> list[Statement]:
    """Open a second approval, one that names no speaker, or steps that ask nobody."""
    row = Workflow.objects.filter(subject_id=production.pk).first()
    if row is None:
        return []
    step = row.steps.first()
    assert step is not None
    ways: list[Statement] = [
        copied(row),
        copied(row, subject_id=uuid4(), speaker_id=None),
        copied(step, name="free", quorum=0),
        copied(step),
    ]
    return [ways[draw % len(ways)]]


def said(production: Production, draw: int) -> list[Statement]:
    """Repeat somebody's decision: again, too late, or by other hands."""
    rows = Decision.objects.filter(workflow__subject_id=production.pk)
    row = _one(rows.select_related("workflow"), draw)
    if row is None:
        return []
    late = row.workflow.expires_at + timedelta(seconds=1)
    ways: list[dict[str, object]] = [
        {},
        {"approver_id": row.requester_id},
        {"approver_id": row.depicted_id},
        {"decided_at": late, "approver_id": production.organisation_id},
        {"delegate_id": row.requester_id},
        {"delegate_id": row.approver_id},
        {"subject_digest": "0" * 64},
    ]
    return [copied(row, **ways[draw % len(ways)])]


def watched(production: Production, draw: int) -> list[Statement]:
    """Say yes to a finished file as who may not, of another file, or before there is one."""
    row = Workflow.objects.filter(subject_id=production.pk).first()
    if row is None:
        return []
    parties = [row.requester_id, row.depicted_id, row.speaker_id]
    sealed = Sealing.objects.filter(subject_id=production.pk).first()
    about = {"workflow_id": row.pk, "accepted": True, "comment": b"", "decided_at": timezone.now()}
    file = sealed.file_sha256 if sealed else "4" * 64
    return [inserted(Review, **about, reviewer_id=parties[draw % 3], file_sha256=file)]


def role(production: Production, draw: int) -> list[Statement]:
    """Take a role: by one's own word, by somebody who gives none, or beside one it clashes with."""
    held = _one(Membership.objects.filter(end=None, user__is_active=True), draw)
    if held is None:
        return []
    blind = held.role in (Role.ADMINISTRATOR.value, Role.OPERATOR.value)
    clash = Role.REQUESTER.value if blind else Role.OPERATOR.value
    now = timezone.now()
    ways: list[dict[str, object]] = [
        {"granted_by_id": held.user_id, "role": Role.OPERATOR.value},
        {"granted_by_id": production.organisation_id, "role": clash},
        {"role": clash, "granted_by_id": None, "valid_until": None},
        {"role": Role.AUDITOR.value, "granted_by_id": None, "valid_until": None},
        {"role": "superuser", "granted_by_id": None},
        {"valid_until": now - timedelta(days=1), "granted_at": now},
    ]
    return [copied(held, **ways[draw % len(ways)])]


def rule(production: Production, draw: int) -> list[Statement]:
    """Change a rule alone, as nobody, for the past, or the steps of one in force."""
    policies = Policy.objects.filter(organisation=production.organisation_id)
    policy = _one(policies.in_force(), draw)
    if policy is None:
        return []
    now = timezone.now()
    change = uuid4()
    proposal = {
        "id": change,
        "organisation_id": production.organisation_id,
        "kind": "retire",
        "policy_id": policy.pk,
        "proposed_by_id": production.requester_id,
        "proposed_at": now,
        "effective_from": now,
    }
    administers = Membership.objects.filter(role="administrator", end=None, user__is_active=True)
    boss = administers.filter(user__organisation=production.organisation_id).first()
    assert boss is not None
    alone = proposal | {"proposed_by_id": boss.user_id}
    word = {"id": uuid4(), "change_id": change, "accepted": True, "decided_at": now}
    step = policy.steps.first()
    ways: list[list[Statement]] = [
        [inserted(RuleChange, **proposal)],
        [inserted(RuleChange, **alone | {"effective_from": now - timedelta(days=1)})],
        [_insert("approvals_rulechange", alone), _decides(word, production.requester_id)],
        [_insert("approvals_rulechange", alone), _decides(word, None)],
        [copied(step, name="free")] if step else [],
        [updated(policy, priority=99)],
    ]
    return ways[draw % len(ways)]


def _insert(table: str, values: dict[str, object]) -> Statement:
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608
    return (statement, list(values.values()))


def _decides(word: dict[str, object], user_id: UUID | None) -> Statement:
    return _insert("approvals_rulechangedecision", word | {"decided_by_id": user_id})


def deputy(production: Production, draw: int) -> list[Statement]:
    """Let a deputy go on for longer, be another one, or be oneself."""
    row = _one(Delegation.objects.all(), draw)
    if row is None:
        return []
    ways: list[Statement] = [
        updated(row, valid_until=row.valid_until + timedelta(days=1)),
        updated(row, to_user_id=production.requester_id),
        copied(row, to_user_id=row.from_user_id),
        ("DELETE FROM approvals_delegation WHERE id = %s", [row.pk]),
    ]
    return [ways[draw % len(ways)]]


def order(_: Production, draw: int) -> list[Statement]:
    """Change what a job is to make, have it done at once, twice, or never."""
    job = _one(Job.objects.all(), draw)
    if job is None:
        return []
    ways: list[Statement] = [
        updated(job, request_digest="5" * 64),
        updated(job, asset_id="5" * 16),
        updated(job, subject_id=uuid4()),
        copied(job, state="done", subject_id=uuid4(), finished_at=timezone.now()),
        ("DELETE FROM dispatch_job WHERE id = %s", [job.pk]),
    ]
    if job.state in ("done", "failed", "cancelled"):
        ways.append(updated(job, state="queued", finished_at=None))
    return [ways[draw % len(ways)]]


def identity(_: Production, draw: int) -> list[Statement]:
    """Verify oneself, or who acts for whom by one's own word."""
    now = timezone.now()
    check = _one(IdentityCheck.objects.filter(decision=None), draw)
    claim = _one(Guardianship.objects.filter(decision=None), draw)
    if check is not None and draw % 2:
        about = {"check_made_id": check.pk, "submitted_by_id": check.submitted_by_id}
        word = {"reviewer_id": check.submitted_by_id, "verified": True, "note": b""}
        term = {"decided_at": now, "valid_until": now + timedelta(days=1)}
        return [_insert("identity_identitydecision", {"id": uuid4(), **about, **word, **term})]
    if claim is not None:
        about = {"guardianship_id": claim.pk, "guardian_id": claim.guardian_id}
        word = {"reviewer_id": claim.guardian_id, "verified": True}
        term = {"decided_at": now, "valid_until": now + timedelta(days=1)}
        row = {"id": uuid4(), **about, **word, **term}
        return [_insert("likenesses_guardianshipdecision", row)]
    return []


def key(_: Production, draw: int) -> list[Statement]:
    """Bring a destroyed key back, change whose it is, or delete that there was one."""
    destroyed = _one(SubjectKey.objects.exclude(destroyed_at=None), draw)
    row = destroyed or _one(SubjectKey.objects.all(), draw)
    if row is None:
        return []
    if destroyed is not None and draw % 2:
        return [updated(row, destroyed_at=None, wrapped=b"6" * 80)]
    ways: list[Statement] = [
        ("DELETE FROM vault_subjectkey WHERE subject_id = %s", [row.pk]),
        updated(row, subject_id=uuid4()),
        updated(row, made_at=row.made_at - timedelta(days=1)),
    ]
    return [ways[draw % len(ways)]]


def destruction(production: Production, draw: int) -> list[Statement]:
    """Say that the file of a release is gone; destroy a preview before its end; erase twice."""
    now = timezone.now()
    released = Release.objects.filter(subject_id=production.pk).values("subject_id")
    sealed = Sealing.objects.filter(subject_id__in=released).first()
    shown = _one(Preview.objects.filter(end=None), draw)
    erased = _one(Erasure.objects.all(), draw)
    ways: list[Statement] = []
    if sealed is not None:
        ways.append(inserted(Removal, sealing_id=sealed.pk, removed_at=now))
    if shown is not None:
        ways.append(inserted(PreviewDestruction, preview_id=shown.pk, destroyed_at=now))
    if erased is not None:
        ways.append(copied(erased, certificate_hash="7" * 64))
    return [ways[draw % len(ways)]] if ways else []


def supersession(_: Production, draw: int) -> list[Statement]:
    """Replace a consent by itself or by an older one."""
    row = _one(Consent.objects.filter(supersession=None), draw)
    if row is None:
        return []
    older = Consent.objects.filter(granted_at__lte=row.granted_at).first()
    other = older if older is not None and draw % 2 else row
    about = {"consent_id": row.pk, "successor_id": other.pk}
    return [inserted(Supersession, **about, superseded_at=timezone.now())]


def unasked(production: Production, draw: int) -> list[Statement]:
    """Ask for a preview of what is not in approval, or under another asset's name."""
    now, consent_id = timezone.now(), production.consent_id
    if consent_id is None:
        return []
    asset = production.asset_id
    if production.state != State.IN_APPROVAL and draw % 2:
        asset = "8" * 16
    about = {
        "subject_id": production.pk,
        "subject_digest": production.request_digest,
        "organisation_id": production.organisation_id,
        "consent_id": consent_id,
        "requested_by_id": production.requester_id,
    }
    term = {"requested_at": now, "expires_at": now + timedelta(hours=1)}
    return [inserted(Preview, **about, asset_id=asset, **term)]


ROWS = (
    *(consent, forward, sealing, gate, lips, workflow, said, watched, role, rule, deputy, order),
    *(identity, key, destruction, supersession, unasked),
)

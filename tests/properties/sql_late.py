"""More rows to make up: notices, words from another browser, evidence packs, previews' readings."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from rakkan.accounts.models import Membership, StrongAuthentication
from rakkan.approvals.models import Review, Workflow
from rakkan.approvals.notices import Notice
from rakkan.evidence.models import Pack, PackEnd, PackFile, PackReady
from rakkan.likenesses.models import Guardianship
from rakkan.previews.models import PreviewFile, PreviewReading
from rakkan.productions.models import Production
from rakkan.releases.models import Release, Sealing
from tests.properties.sql_rows import Statement, _insert, _one, copied, inserted, updated


def notice(production: Production, draw: int) -> list[Statement]:
    """Tell of a step who asked for it, is seen, is heard or acts for them; tell it otherwise."""
    workflow = Workflow.objects.filter(subject_id=production.pk).first()
    if workflow is None:
        return []
    row = _one(Notice.objects.filter(step__workflow=workflow), draw)
    sides = [workflow.person_id, workflow.speaking_id]
    acting = Guardianship.objects.filter(person__in=sides).values_list("guardian_id", flat=True)
    blind = Membership.objects.filter(role="operator").values_list("user_id", flat=True)
    others = [workflow.requester_id, workflow.depicted_id, workflow.speaker_id, *acting, *blind]
    other = others[draw % len(others)]
    step = workflow.steps.first()
    assert step is not None
    now = timezone.now()
    fresh = {"step_id": step.pk, "kind": ("reminder", "escalation", "report")[draw % 3]}
    fresh |= {"number": int(fresh["kind"] == "reminder"), "made_at": now, "mailed_at": None}
    ways: list[Statement] = [inserted(Notice, **fresh, approver_id=other, recipient_id=other)]
    if row is not None:
        ways += [
            copied(row),
            copied(row, recipient_id=other, number=row.number + int(row.kind == "reminder")),
            updated(row, recipient_id=other),
            updated(row, made_at=now - timedelta(days=1)),
            ("DELETE FROM approvals_notice WHERE id = %s", [row.pk]),
        ]
        if row.mailed_at is not None:
            ways.append(updated(row, mailed_at=None))
    return [ways[draw % len(ways)]]


def elsewhere(production: Production, draw: int) -> list[Statement]:
    """Decide, or accept a result, in a browser in which nobody has confirmed."""
    workflow = Workflow.objects.filter(subject_id=production.pk).first()
    shown = _one(StrongAuthentication.objects.all(), draw)
    approvers = Membership.objects.filter(role="approver", end=None).order_by("user_id")
    if workflow is None or shown is None or not approvers:
        return []
    approver = approvers[draw % len(approvers)].user_id
    word = {
        "workflow_id": workflow.pk,
        "comment": b"",
        "decided_at": shown.authenticated_at,
        "sign_in": f"session:{uuid4().hex}",
    }
    sealed = Sealing.objects.filter(subject_id=production.pk).first()
    if sealed is not None and draw % 2:
        seen = {"reviewer_id": approver, "accepted": True, "file_sha256": sealed.file_sha256}
        return [inserted(Review, **word, **seen)]
    step = workflow.steps.first()
    assert step is not None
    about = {
        "id": uuid4(),
        "step_id": step.pk,
        "requester_id": workflow.requester_id,
        "depicted_id": workflow.depicted_id,
        "speaker_id": workflow.speaker_id,
        "approver_id": approver,
        "verdict": "approve",
        "subject_digest": workflow.subject_digest,
    }
    return [_insert("approvals_decision", {**about, **word})]


def pack(production: Production, draw: int) -> list[Statement]:
    """A pack of what was not released, of elsewhere, or for ever; a file after its end."""
    now, row = timezone.now(), _one(Pack.objects.all(), draw)
    fresh = {
        "production_id": production.pk,
        "organisation_id": production.organisation_id,
        "requested_by_id": production.requester_id,
        "language": "en",
        "with_video": True,
        "requested_at": now,
        "expires_at": now + timedelta(days=7),
    }
    released = Release.objects.filter(subject_id=production.pk).exists()
    wrong: list[dict[str, object]] = [
        {"organisation_id": uuid4()},
        {"language": "xx"},
        {"expires_at": now - timedelta(days=1)},
    ]
    ways = [inserted(Pack, **fresh | change) for change in wrong]
    ways += [] if released else [inserted(Pack, **fresh)]
    if row is not None:
        ways += [*_of_a_pack(row, draw)]
    return [ways[draw % len(ways)]]


def _of_a_pack(row: Pack, draw: int) -> list[Statement]:
    now, end = timezone.now(), PackEnd.objects.filter(pack=row).first()
    ready = PackReady.objects.filter(pack=row).first()
    file = PackFile.objects.filter(pack=row).first()
    ways: list[Statement] = [
        updated(row, expires_at=row.expires_at + timedelta(days=365)),
        updated(row, with_video=not row.with_video),
        ("DELETE FROM evidence_pack WHERE id = %s", [row.pk]),
    ]
    if end is not None:
        late = {"pack_id": row.pk, "file_sha256": uuid4().hex * 2, "announced_at": now}
        ways += [inserted(PackFile, **late), copied(end)]
        ways.append(("DELETE FROM evidence_packend WHERE id = %s", [end.pk]))
    if ready is not None:
        ways += [copied(ready), updated(ready, size=1)]
    elif file is None:
        other = _one(PackFile.objects.all(), draw)
        about = {"pack_id": row.pk, "size": 1, "tree_size": 1, "ready_at": now}
        ways.append(inserted(PackReady, **about, file_id=other.pk if other else uuid4()))
    return ways


def reading(production: Production, draw: int) -> list[Statement]:
    """Say that a preview's pixels name it: another name, in no frame, or once more."""
    files = PreviewFile.objects.filter(preview__subject_id=production.pk)
    file = _one(files, draw)
    if file is None:
        return []
    own = {"file_id": file.pk, "asset_id": file.preview.asset_id, "read_at": timezone.now()}
    ways = [
        inserted(PreviewReading, **own | {"asset_id": "9" * 16}, frames=10, asset_frames=10),
        inserted(PreviewReading, **own, frames=10, asset_frames=0),
        inserted(PreviewReading, **own, frames=10, asset_frames=11),
    ]
    return [ways[draw % len(ways)]]


LATE = (notice, elsewhere, pack, reading)

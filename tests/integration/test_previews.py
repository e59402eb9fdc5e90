"""A preview lives while its request waits under a live consent, for few eyes; then it is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.services.roles import role_grant
from rakkan.approvals.services import Verdict, Word
from rakkan.audit.models import Event
from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.dispatch.models import Job
from rakkan.previews.models import (
    Preview,
    PreviewDestruction,
    PreviewEnd,
    PreviewFile,
    PreviewViewing,
)
from rakkan.productions.models import Production
from rakkan.productions.services import withdraw as withdrawal
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.preview import preview_request, preview_watch
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people
from tests.integration.world import preview_drawn, render_result

pytestmark = pytest.mark.django_db
DATA = b"the bytes of a preview"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def production(team: people.Team) -> Production:
    return people.submitted_make(team)


@pytest.fixture
def seen(team: people.Team, production: Production) -> Preview:
    """A preview whose file is there and was read."""
    preview = preview_request(user=team.approver, production_id=production.pk)
    preview_drawn(preview)
    return preview


def stored() -> list[str]:
    """The files among the previews."""
    store = storages["blobs"]
    folders, _ = store.listdir("previews") if store.exists("previews") else ([], [])
    return [name for folder in folders for name in store.listdir(f"previews/{folder}")[1]]


def watch(user: User, production: Production) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/productions/{production.pk}/preview")


def test_a_preview_is_small_slow_and_short_and_bears_an_asset_id_of_its_own(
    team: people.Team, production: Production
) -> None:
    preview = preview_request(user=team.approver, production_id=production.pk)

    claim = people.preview_worker(preview).claim().json()

    job = Job.objects.get(subject_id=preview.pk)
    spec = job.job_spec()
    assert (spec.width, spec.height, spec.fps) == (256, 256, 12)
    assert {item.sha256 for item in spec.inputs} == {
        production.likeness.portrait_sha256,
        production.voice_sha256,
        production.label_sha256,
    }
    assert job.asset_id == preview.asset_id != production.asset_id
    assert claim["watermark"]


def test_the_requester_and_those_who_decide_see_it_and_each_viewing_is_written(
    team: people.Team, production: Production, seen: Preview
) -> None:
    for user in (team.requester, team.approver):
        answer = watch(user, production)
        assert answer.status_code == 200
        data = b"".join(answer.streaming_content)
        assert hashlib.sha256(data).hexdigest() == seen.file.file_sha256
        assert "no-store" in answer["Cache-Control"]

    events = Event.objects.filter(name="previews.preview.viewed", object_id=production.pk)
    assert [event.actor_id for event in events.order_by("occurred_at")] == [
        str(team.requester.pk),
        str(team.approver.pk),
    ]
    assert PreviewViewing.objects.filter(preview=seen).count() == 2


def test_nobody_else_sees_it_or_has_one_drawn(
    team: people.Team, production: Production, seen: Preview
) -> None:
    both = people.user_make(team.organisation, Role.REQUESTER, Role.DEPICTED_PERSON)
    stranger = people.user_make(people.team_make().organisation, Role.APPROVER)
    for user, error in (
        (team.person, NotPermitted),
        (team.auditor, NotPermitted),
        (both, NotPermitted),
        (stranger, NotFound),
    ):
        for act in (preview_watch, preview_request):
            with pytest.raises(error):
                act(user=user, production_id=production.pk)
    assert not PreviewViewing.objects.exists()


def test_a_depicted_person_who_is_an_approver_too_does_not_see_it(
    team: people.Team, production: Production, seen: Preview
) -> None:
    role_grant(user=people.administrator_of(team), to=team.person.pk, role=Role.APPROVER)
    with pytest.raises(NotPermitted):
        preview_watch(user=team.person, production_id=production.pk)


def test_there_is_one_at_a_time(team: people.Team, production: Production, seen: Preview) -> None:
    with pytest.raises(Refused, match="already"):
        preview_request(user=team.requester, production_id=production.pk)


def _approve(team: people.Team, production: Production) -> None:
    people.approve(team.approver, production)


def _reject(team: people.Team, production: Production) -> None:
    people.confirm(team.approver)
    production_decide(
        user=team.approver,
        production_id=production.pk,
        request_digest=production.request_digest,
        word=Word(Verdict.REJECT, "No."),
    )


def _cancel(team: people.Team, production: Production) -> None:
    production_cancel(user=team.requester, production_id=production.pk)


def _withdraw(team: people.Team, production: Production) -> None:
    assert production.consent_id is not None
    withdraw(user=team.person, consent_id=production.consent_id)


@pytest.mark.parametrize("leave", [_approve, _reject, _cancel, _withdraw])
def test_it_is_destroyed_with_the_commit_in_which_its_request_leaves_approval(
    team: people.Team,
    production: Production,
    seen: Preview,
    leave: Callable[[people.Team, Production], None],
    django_capture_on_commit_callbacks: Any,
) -> None:
    assert stored() == [seen.file.file_sha256]

    with django_capture_on_commit_callbacks(execute=True):
        leave(team, production)

    assert stored() == []
    assert PreviewDestruction.objects.get(preview=seen)
    told = set(Event.objects.filter(object_id=production.pk).values_list("name", flat=True))
    assert {"previews.preview.ended", "previews.preview.destroyed"} <= told
    with pytest.raises(Refused):
        preview_watch(user=team.approver, production_id=production.pk)


def test_a_crash_after_the_decision_leaves_the_file_to_the_reconciler(
    team: people.Team, production: Production, seen: Preview
) -> None:
    people.approve(team.approver, production)  # the commit's callbacks never run here
    assert stored() == [seen.file.file_sha256]

    reconcile()

    assert stored() == []
    assert PreviewDestruction.objects.filter(preview=seen).exists()


def test_its_term_ends_it_though_nobody_has_decided(
    team: people.Team, production: Production, seen: Preview, settings: Any
) -> None:
    later = timezone.now() + timedelta(hours=settings.RAKKAN_PREVIEW_HOURS, seconds=1)
    with patch.object(timezone, "now", lambda: later):
        with pytest.raises(Refused):
            preview_watch(user=team.approver, production_id=production.pk)
        reconcile()
        reconcile()

    production.refresh_from_db()
    assert production.state == "in_approval"
    assert PreviewEnd.objects.get(preview=seen).reason == "preview-expired"
    assert stored() == []


def test_a_withdrawal_takes_it_from_every_eye_before_anything_else_is_carried_out(
    team: people.Team, production: Production, seen: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawal, "end_carry_out", lambda *_, **__: 0)
    _withdraw(team, production)

    with pytest.raises(Refused) as refused:
        preview_watch(user=team.approver, production_id=production.pk)

    assert refused.value.code == "consent-withdrawn"
    assert not PreviewViewing.objects.exists()


def test_a_withdrawal_stops_the_worker_at_its_next_heartbeat(
    team: people.Team, production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = preview_request(user=team.approver, production_id=production.pk)
    worker = people.preview_worker(preview)
    worker.claim()
    assert worker.heartbeat().status_code == 200
    monkeypatch.setattr(withdrawal, "end_carry_out", lambda *_, **__: 0)
    _withdraw(team, production)

    answer = worker.heartbeat()

    assert (answer.status_code, answer.json()["code"]) == (409, "lease-lost")
    assert PreviewEnd.objects.get(preview=preview).reason == "consent-withdrawn"
    assert worker.upload(SHA256, DATA).json()["code"] == "lease-lost"
    assert stored() == []


def test_a_claim_after_the_consent_ended_is_refused_and_ends_the_preview(
    team: people.Team, production: Production
) -> None:
    preview = preview_request(user=team.approver, production_id=production.pk)
    assert production.consent is not None
    after = production.consent.valid_until + timedelta(seconds=1)
    with patch.object(timezone, "now", lambda: after):
        answer = people.preview_worker(preview).claim()

    assert (answer.status_code, answer.json()["code"]) == (403, "consent-expired")
    assert PreviewEnd.objects.get(preview=preview).reason == "consent-expired"
    assert Job.objects.get(subject_id=preview.pk).state == "cancelled"


def test_a_decision_while_it_is_drawn_ends_the_drawing_and_leaves_nothing(
    team: people.Team, production: Production, settings: Any
) -> None:
    preview = preview_request(user=team.approver, production_id=production.pk)
    worker = people.preview_worker(preview)
    worker.claim()
    assert worker.upload(SHA256, DATA).status_code == 201

    people.approve(team.approver, production)

    assert worker.result(render_result(DATA)).json()["code"] == "lease-lost"
    reconcile()
    assert stored() == []
    assert not PreviewDestruction.objects.exists(), "another upload may still be on its way"
    later = timezone.now() + timedelta(minutes=11)
    with patch.object(timezone, "now", lambda: later):
        reconcile()
    assert PreviewDestruction.objects.filter(preview=preview).exists()
    production.refresh_from_db()
    assert production.state == "queued"


def test_a_preview_that_cannot_be_drawn_ends_and_another_one_can_be_asked_for(
    team: people.Team, production: Production
) -> None:
    first = preview_request(user=team.approver, production_id=production.pk)
    worker = people.preview_worker(first)
    worker.claim()
    worker.failure("portrait-unreadable", "input")

    assert PreviewEnd.objects.get(preview=first).reason == "portrait-unreadable"
    assert Job.objects.get(subject_id=first.pk).state == "failed"
    production.refresh_from_db()
    assert production.state == "in_approval"
    assert preview_request(user=team.approver, production_id=production.pk)


def test_a_worker_that_falls_silent_gives_the_preview_to_the_next(
    team: people.Team, production: Production, settings: Any
) -> None:
    preview = preview_request(user=team.approver, production_id=production.pk)
    worker = people.preview_worker(preview)
    worker.claim()
    later = timezone.now() + timedelta(seconds=settings.RAKKAN_LEASE_SECONDS + 1)
    with patch.object(timezone, "now", lambda: later):
        reconcile()
        assert Job.objects.get(subject_id=preview.pk).state == "queued"
        assert people.preview_worker(preview).claim().status_code == 200


def test_a_request_has_five_previews_at_most(team: people.Team, production: Production) -> None:
    for _ in range(5):
        preview = preview_request(user=team.approver, production_id=production.pk)
        worker = people.preview_worker(preview)
        worker.claim()
        worker.failure("portrait-unreadable", "input")

    with pytest.raises(Refused) as refused:
        preview_request(user=team.approver, production_id=production.pk)

    assert refused.value.code == "preview-limit"


def test_a_render_result_that_names_a_previews_file_is_refused(
    team: people.Team, production: Production, seen: Preview
) -> None:
    worker = people.render_worker(people.approve(team.approver, production))
    worker.claim()
    with blob_open(Area.PREVIEWS, seen.file.file_sha256) as stream:
        data = stream.read()
    result = render_result(data)
    assert worker.upload(result["sha256"], data).status_code == 201

    answer = worker.result(result)

    assert answer.json()["code"] == "result-invalid"
    production.refresh_from_db()
    assert production.state == "rendering"


def refused(sql: str, *values: object) -> str:
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


def test_no_row_on_the_way_to_a_release_can_name_a_preview(
    team: people.Team, production: Production, seen: Preview
) -> None:
    permit = PreviewFile.objects.get(preview=seen).permit_id
    file = seen.file.file_sha256
    now, other = timezone.now(), "0" * 64
    organisation = production.organisation_id
    sealing = (
        "INSERT INTO releases_sealing (id, subject_id, asset_id, source_sha256, file_sha256, size,"
        " watermark, sealed_at) VALUES (%s, %s, %s, %s, %s, 1, '{}', %s)"
    )
    release = (
        "INSERT INTO releases_release (id, subject_id, asset_id, organisation_id, gate_id,"
        " file_sha256, size, released_at) VALUES (%s, %s, %s, %s, %s, %s, 1, %s)"
    )
    gate = (
        "INSERT INTO releases_gatereport (id, subject_id, file_sha256, passed, checks, checked_at)"
        " VALUES (%s, %s, %s, true, '[]', %s)"
    )
    rendering = (
        "INSERT INTO productions_rendering (id, production_id, permit_id, file_sha256, size,"
        " result, received_at) VALUES (%s, %s, %s, %s, 1, '{}', %s)"
    )
    asset, own = seen.asset_id, production.asset_id
    for sql, values in (
        (sealing, [uuid4(), production.pk, asset, other, other, now]),
        (sealing, [uuid4(), production.pk, own, file, other, now]),
        (sealing, [uuid4(), production.pk, own, other, file, now]),
        (gate, [uuid4(), production.pk, file, now]),
        (release, [uuid4(), production.pk, asset, organisation, uuid4(), other, now]),
        (release, [uuid4(), production.pk, own, organisation, uuid4(), file, now]),
        (rendering, [uuid4(), production.pk, permit, file, now]),
    ):
        assert "never released" in refused(sql, *values)
    assert "no permit" in refused(rendering, uuid4(), production.pk, permit, other, now)


def test_a_draft_cannot_take_the_asset_id_of_a_preview(
    team: people.Team, production: Production, seen: Preview
) -> None:
    draft = people.draft_make(team, production.likeness)
    sql = "UPDATE productions_production SET asset_id = %s WHERE id = %s"
    assert "never released" in refused(sql, seen.asset_id, draft.pk)


def test_a_production_does_not_leave_approval_with_an_open_preview(
    production: Production, seen: Preview
) -> None:
    sql = "UPDATE productions_production SET state = 'queued' WHERE id = %s"
    assert "preview ends before" in refused(sql, production.pk)


def test_no_viewing_can_be_written_without_live_consent(
    team: people.Team, production: Production, seen: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewing = (
        "INSERT INTO previews_previewviewing (id, preview_id, user_id, viewed_at)"
        " VALUES (%s, %s, %s, %s)"
    )
    monkeypatch.setattr(withdrawal, "end_carry_out", lambda *_, **__: 0)
    _withdraw(team, production)
    message = refused(viewing, uuid4(), seen.pk, team.approver.pk, timezone.now())
    assert "no live consent" in message


def test_the_public_status_says_that_a_preview_is_one(seen: Preview) -> None:
    answer = Client().get(f"/status/{seen.asset_id}").json()
    assert (answer["status"], answer["consent"]) == ("preview", "live")
    page = Client().get(f"/status/{seen.asset_id}", headers={"accept": "text/html"})
    assert "was never released" in page.content.decode()

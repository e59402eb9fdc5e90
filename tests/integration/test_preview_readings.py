"""No preview is seen before its own pixels have named it: a worker's word is not enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from rakkan.audit.models import Event
from rakkan.core.errors import NotFound, Unavailable
from rakkan.previews.models import Preview, PreviewEnd, PreviewFile, PreviewReading, PreviewViewing
from rakkan.productions.models import Production
from rakkan.productions.services.preview import preview_request, preview_watch
from rakkan.productions.services.preview_read import preview_read
from rakkan.productions.services.queue import READ_TASK
from rakkan.productions.services.reconcile import reconcile
from tests.integration import clips, people
from tests.integration.test_previews import refused, stored
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db
OTHER = "0" * 16
Forge = Callable[[Path, str], bytes]


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def production(team: people.Team) -> Production:
    return people.submitted_make(team)


@pytest.fixture
def preview(team: people.Team, production: Production) -> Preview:
    return preview_request(user=team.approver, production_id=production.pk)


def hand_in(preview: Preview, data: bytes) -> None:
    people.preview_handed_in(preview, data, render_result(data))


def watch(team: people.Team, production: Production) -> int:
    client = Client()
    client.force_login(team.approver)
    answer = client.get(f"/productions/{production.pk}/preview")
    if answer.streaming:
        list(answer.streaming_content)  # reading a stream to its end closes its file
    return answer.status_code


def test_a_preview_is_seen_once_its_pixels_have_said_its_own_id(
    team: people.Team, production: Production, preview: Preview, tmp_path: Path
) -> None:
    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    assert watch(team, production) == 404
    with pytest.raises(NotFound):
        preview_watch(user=team.approver, production_id=production.pk)

    preview_read(preview.pk)
    preview_read(preview.pk)  # a second message does no harm

    assert watch(team, production) == 200
    reading = PreviewReading.objects.get(file__preview=preview)
    assert (reading.asset_id, reading.frames) == (preview.asset_id, 24)
    assert reading.asset_frames == 24
    assert Event.objects.filter(name="previews.preview.read", object_id=production.pk).count() == 1


def _unmarked(folder: Path, asset_id: str) -> bytes:
    return clips.unmarked_clip(folder, clips.preview_clip(folder, asset_id))


def _of_another(folder: Path, asset_id: str) -> bytes:
    return clips.preview_clip(folder, "123456789abcdef0")


def _in_part(folder: Path, asset_id: str) -> bytes:
    return clips.preview_clip(folder, asset_id, marked=18)


def _larger(folder: Path, asset_id: str) -> bytes:
    return clips.marked_clip(folder, asset_id)


def _no_video(folder: Path, asset_id: str) -> bytes:
    return b"ftyp and nothing else " + asset_id.encode()


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (_unmarked, "mark-missing"),
        (_of_another, "mark-missing"),
        (_in_part, "mark-in-part"),
        (_larger, "video-shape"),
        (_no_video, "video-unreadable"),
    ],
)
def test_a_worker_that_was_taken_over_shows_nobody_a_picture_without_this_previews_mark(
    team: people.Team,
    production: Production,
    preview: Preview,
    tmp_path: Path,
    forge: Forge,
    code: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    hand_in(preview, forge(tmp_path, preview.asset_id))

    with django_capture_on_commit_callbacks(execute=True):
        preview_read(preview.pk)

    assert not PreviewReading.objects.exists()
    assert PreviewEnd.objects.get(preview=preview).reason == code
    refusal = Event.objects.get(name="previews.preview.refused", object_id=production.pk)
    assert refusal.data["code"] == code
    assert watch(team, production) == 404
    assert not PreviewViewing.objects.exists()
    assert stored() == [], "a forged file is deleted with the end"
    assert preview_request(user=team.approver, production_id=production.pk), "ask for another one"


def test_the_database_takes_no_viewing_of_a_preview_that_was_not_read(
    team: people.Team, preview: Preview, tmp_path: Path
) -> None:
    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    viewing = (
        "INSERT INTO previews_previewviewing (id, preview_id, user_id, viewed_at)"
        " VALUES (%s, %s, %s, %s)"
    )
    message = refused(viewing, uuid4(), preview.pk, team.approver.pk, timezone.now())
    assert "nor of what was not read back" in message


def test_the_database_takes_no_reading_of_another_id_or_of_too_few_frames_or_after_the_end(
    team: people.Team, production: Production, preview: Preview, tmp_path: Path
) -> None:
    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    file = PreviewFile.objects.get(preview=preview)
    reading = (
        "INSERT INTO previews_previewreading (id, file_id, asset_id, frames, asset_frames, read_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)"
    )
    own, now = preview.asset_id, timezone.now()
    for asset_id, frames, named in (
        (OTHER, 24, 24),
        (production.asset_id, 24, 24),
        (own, 0, 0),
        (own, 24, 21),
        (own, 24, 25),
    ):
        message = refused(reading, uuid4(), file.pk, asset_id, frames, named, now)
        assert "does not carry the mark" in message
    people.approve(team.approver, production)
    assert "is over" in refused(reading, uuid4(), file.pk, own, 24, 24, now)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE previews_previewreading SET frames = 1")


def test_a_decision_while_it_is_read_leaves_no_reading(
    team: people.Team,
    production: Production,
    preview: Preview,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rakkan.productions.services import preview_read as module  # noqa: PLC0415

    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    detect = module._detect

    def decided_meanwhile(*given: Any) -> Any:
        people.approve(team.approver, production)
        return detect(*given)

    monkeypatch.setattr(module, "_detect", decided_meanwhile)
    preview_read(preview.pk)

    assert not PreviewReading.objects.exists()
    production.refresh_from_db()
    assert production.state == "queued"


def test_a_storage_that_does_not_answer_ends_nothing(
    preview: Preview, tmp_path: Path, settings: Any
) -> None:
    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    file = PreviewFile.objects.get(preview=preview)
    store, (folder, _) = storages["blobs"], (file.file_sha256[:2], None)
    path = Path(store.path(f"previews/{folder}/{file.file_sha256}"))
    path.rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        preview_read(preview.pk)
    (tmp_path / "away").rename(path)

    preview_read(preview.pk)

    assert PreviewReading.objects.filter(file=file).exists()


def test_a_lost_message_is_sent_again_and_what_is_never_read_ends_after_an_hour(
    preview: Preview,
    tmp_path: Path,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from celery import current_app  # noqa: PLC0415

    sent: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda task, args, **_: sent.append((task, args)))
    hand_in(preview, clips.preview_clip(tmp_path, preview.asset_id))
    sent.clear()
    later = timezone.now() + timedelta(seconds=settings.RAKKAN_RESEND_SECONDS + 1)
    with (
        patch.object(timezone, "now", lambda: later),
        django_capture_on_commit_callbacks(execute=True),
    ):
        reconcile()
    assert (READ_TASK, [str(preview.pk)]) in sent
    assert not PreviewEnd.objects.exists()

    with patch.object(timezone, "now", lambda: later + timedelta(hours=1)):
        reconcile()
    assert PreviewEnd.objects.get(preview=preview).reason == "preview-unread"

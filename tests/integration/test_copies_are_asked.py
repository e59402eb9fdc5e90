"""What is kept of a release so that copies can be asked for it, and when it goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from compliance.watermark.files import file_planes
from compliance.watermark.informed import InformedState
from rakkan.audit.models import Event
from rakkan.core.blobs import Area, blob_delete, blob_fetch
from rakkan.core.errors import Damaged
from rakkan.productions.services import release as finishing
from rakkan.productions.services.finish import production_finish
from rakkan.releases.models import CopyReference, Release
from rakkan.releases.services.asking import release_ask
from rakkan.releases.services.catch_up import CaughtUp, releases_catch_up
from tests.integration.test_seal_and_gate import handed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(tmp_path: Path) -> Release:
    production = handed_in(tmp_path).production
    production_finish(production.pk)
    return Release.objects.get(subject_id=production.pk)


@pytest.fixture
def grey(release: Release, tmp_path: Path) -> list[np.ndarray]:
    """Two seconds of the release without colour, where no blind search finds anything."""
    blob_fetch(Area.RELEASES, release.file_sha256, tmp_path / "released.mp4")
    frames = list(file_planes(tmp_path / "released.mp4"))[:50]
    for frame in frames:
        frame[frame.shape[0] * 2 // 3 :] = 128
    return frames


def test_a_grey_copy_answers_for_its_release_and_for_no_other(
    release: Release, grey: list[np.ndarray]
) -> None:
    own = release_ask(release, grey, candidates=3)
    assert own is not None
    assert own.state is InformedState.FOUND
    release.asset_id = "00000000000000aa"  # as if another asset were asked for
    other = release_ask(release, grey, candidates=3)
    assert other is not None
    assert other.state is InformedState.NOT_FOUND
    assert other.p_value > own.p_value


def test_where_the_pictures_are_gone_nothing_is_said(
    release: Release, grey: list[np.ndarray]
) -> None:
    blob_delete(Area.PRINTS, release.reference.file_sha256)
    assert release_ask(release, grey, candidates=1) is None


def test_pictures_that_changed_are_not_believed(
    release: Release, grey: list[np.ndarray], settings
) -> None:
    name = release.reference.file_sha256
    files = list(Path(settings.STORAGES["blobs"]["OPTIONS"]["location"]).rglob(name))
    assert len(files) == 1
    files[0].chmod(0o600)
    files[0].write_bytes(files[0].read_bytes() + b"x")
    with pytest.raises(Damaged):
        release_ask(release, grey, candidates=1)


def test_a_reference_is_written_once_and_stays(release: Release) -> None:
    kept = release.reference
    with pytest.raises(IntegrityError), transaction.atomic():
        CopyReference.objects.create(release=release, file_sha256="0" * 64, taken_at=kept.taken_at)
    for statement in ("UPDATE {} SET file_sha256 = ''", "DELETE FROM {}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format("releases_copyreference"))


def test_a_release_from_before_is_caught_up_once_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as before:
        before.setattr(finishing, "reference_keep", lambda release, _pictures: release.gate)
        production = handed_in(tmp_path).production
        production_finish(production.pk)
    release = Release.objects.get(subject_id=production.pk)
    assert not CopyReference.objects.exists()

    for _ in range(2):
        call_command("releases_catch_up")

    kept = CopyReference.objects.get()
    told = Event.objects.get(name="releases.release.caught_up")
    assert kept.release_id == release.pk
    assert told.data["production"] == str(production.pk)
    blob_delete(Area.RELEASES, release.file_sha256)
    assert releases_catch_up(most=10) == CaughtUp()  # nothing is lacking, nothing is looked at

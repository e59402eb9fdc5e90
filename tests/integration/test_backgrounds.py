"""A picture behind the person is an input: consented to, pinned, shown, drawn, named and erased."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from PIL import Image

from compliance.permit import Finding, MeasureResult, Verdict
from compliance.provenance import read_manifest
from rakkan.core.blobs import Area, blob_fetch
from rakkan.core.errors import BadInput, RakkanError
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.lifecycle.services import retention_run
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.redraft import Changed, production_redraft
from rakkan.productions.services.stop import production_cancel
from rakkan.releases.models import Release
from rakkan.releases.signers import trust_anchors
from tests.integration import people
from tests.integration.test_erasure import stored
from tests.integration.test_retention import aged
from tests.integration.world import sealed_make

pytestmark = pytest.mark.django_db
PERMITTED = ["expression", "background"]


def picture(colour: tuple[int, int, int] = (40, 90, 160)) -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", (640, 360), colour).save(data, "PNG")
    return SimpleUploadedFile("wall.png", data.getvalue(), "image/png")


@pytest.fixture
def team() -> people.Team:
    team = people.team_make()
    people.identity_make(team)
    return team


FINE = MeasureResult(Verdict.USABLE, (), {"seconds": 5.0})


def draft(
    team: people.Team,
    permitted: list[str] = PERMITTED,
    result: MeasureResult = FINE,
    **files: Any,
) -> Production:
    """A measured draft with a picture, under a consent that permits these changes."""
    likeness = people.likeness_make(team)
    people.consent_make(team, likeness, permitted_changes=permitted)
    made = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
        **{"background": picture(), **files},
    )
    people.measured(made.pk, result)
    made.refresh_from_db()
    return made


def test_it_is_looked_at_with_the_draft_and_one_with_people_is_not_submitted(
    team: people.Team,
) -> None:
    reason = {"en": "The picture for the background shows a face.", "ja": "顔が写っています。"}
    faces = Finding("background-shows-people", Verdict.UNUSABLE, None, None, "", reason, {})
    made = draft(team, result=MeasureResult(Verdict.UNUSABLE, (faces,), {"seconds": 5.0}))
    asked = Job.objects.get(subject_id=made.pk, kind="measure").job_spec()
    browser = Client()
    browser.force_login(team.requester)

    page = browser.get(f"/productions/{made.pk}").content.decode()
    with pytest.raises(BadInput) as refused:
        people.submit(team.requester, made)

    assert asked.input("background").sha256 == made.background_sha256
    assert page.count("The picture for the background shows a face.") == 1
    assert "The picture behind the person is unusable" in page
    assert "The voice track is unusable" not in page
    assert refused.value.code == "background-unusable"
    assert "shows a face" in str(refused.value)


def test_it_is_pinned_in_what_approvers_decide_on_and_sent_with_the_job(team: people.Team) -> None:
    digest = hashlib.sha256(picture().read()).hexdigest()
    production = people.submit(team.requester, draft(team))
    browser = Client()
    browser.force_login(team.approver)

    page = browser.get(f"/productions/{production.pk}").content.decode()
    shown = browser.get(f"/productions/{production.pk}/background")

    inputs = {item["role"]: item for item in production.request["spec"]["inputs"]}
    assert inputs["background"] == {
        "role": "background",
        "sha256": digest,
        "size": len(picture().read()),
        "media_type": "image/png",
    }
    assert f"/productions/{production.pk}/background" in page
    assert digest[:8] in page
    assert b"".join(shown.streaming_content) == picture().read()  # type: ignore[attr-defined]
    people.approve(team.approver, production)
    job = Job.objects.get(subject_id=production.pk, kind="render")
    assert job.job_spec().input("background").sha256 == digest
    answer = people.render_worker(production).claim()
    assert digest in {item["sha256"] for item in answer.json()["inputs"]}


def test_without_the_consent_to_another_background_it_is_not_submitted(team: people.Team) -> None:
    made = draft(team, ["expression"])

    with pytest.raises(RakkanError) as refused:
        people.submit(team.requester, made)

    assert refused.value.code == "consent-out-of-scope"
    made.refresh_from_db()
    assert made.state == "draft"


def test_the_database_moves_no_production_whose_consent_permits_no_background(
    team: people.Team,
) -> None:
    made = draft(team, ["expression"])
    pinned = {
        "consent": made.likeness.consents.get(),
        "voice_consent": people.voice_of(team).consents.get(),
        "state": "in_approval",
    }

    with pytest.raises(DatabaseError, match="does not permit it"), transaction.atomic():
        Production.objects.filter(pk=made.pk).update(**pinned)


def test_half_a_picture_is_no_picture(team: people.Team) -> None:
    made = draft(team)
    with pytest.raises(DatabaseError, match="background_is_whole"), transaction.atomic():
        Production.objects.filter(pk=made.pk).update(background_size=0)


def test_what_is_no_picture_is_refused_before_anything_is_made(team: people.Team) -> None:
    with pytest.raises(BadInput) as refused:
        draft(team, background=SimpleUploadedFile("a.png", b"no picture", "image/png"))

    assert (refused.value.code, refused.value.status) == ("file-not-an-image", 415)
    assert not Production.objects.exists()


def test_one_changed_bit_of_it_gets_no_permit(team: people.Team) -> None:
    production = people.approve(team.approver, people.submit(team.requester, draft(team)))
    worker = people.render_worker(production)
    name = f"inputs/{production.background_sha256[:2]}/{production.background_sha256}"
    store = storages["blobs"]
    with store.open(name, "rb") as stream:
        data = bytearray(stream.read())
    data[len(data) // 2] ^= 1
    store.delete(name)
    store.save(name, ContentFile(bytes(data)))

    answer = worker.claim()

    assert answer.json()["code"] == "blob-changed"
    assert not IssuedPermit.objects.filter(job=worker.job_id).exists()


def test_the_signed_video_names_it_as_an_ingredient(team: people.Team, tmp_path: Path) -> None:
    likeness = people.likeness_make(team)
    people.consent_make(team, likeness, permitted_changes=PERMITTED)
    production = sealed_make(team, likeness, background=picture())
    assert production.state == "released", production.problem

    release = Release.objects.get(subject_id=production.pk)
    blob_fetch(Area.RELEASES, release.file_sha256, tmp_path / "a.mp4")
    manifest = read_manifest(tmp_path / "a.mp4", trust_anchors())

    assert manifest.inputs["background"] == production.background_sha256


def test_a_new_draft_takes_it_over_or_leaves_it_out(team: people.Team) -> None:
    old = draft(team)
    production_cancel(user=team.requester, production_id=old.pk)

    def redrafted(**changes: Any) -> Production:
        changed = Changed(**changes)
        return production_redraft(user=team.requester, production_id=old.pk, changed=changed)

    assert redrafted().background_sha256 == old.background_sha256
    assert redrafted(without_background=True).background_sha256 == ""
    other = redrafted(background=picture((1, 2, 3)))
    assert other.background_sha256 not in ("", old.background_sha256)


def test_its_file_goes_with_the_draft_that_nobody_submitted(team: people.Team) -> None:
    made = aged(draft(team), 181)
    assert made.background_sha256 in stored()

    assert retention_run() == 1

    assert made.background_sha256 not in stored()


def test_the_api_takes_it_and_tells_its_digest(team: people.Team) -> None:
    likeness = people.likeness_make(team)
    people.consent_make(team, likeness, permitted_changes=PERMITTED)
    asked = people.draft()
    fields = {
        "likeness": str(likeness.pk),
        "speaker": str(people.voice_of(team).pk),
        "voice_origin": "recorded",
        "title": asked.title,
        "purpose": asked.purpose,
        "channels": asked.channels,
        "territories": asked.territories,
        "language": asked.language,
        "voice": people.voice_file(),
        "background": picture(),
    }

    answer = people.signed_in(team.requester).post("/api/v1/productions", fields)

    assert answer.status_code == 201, answer.content
    assert answer.json()["background_sha256"] == hashlib.sha256(picture().read()).hexdigest()

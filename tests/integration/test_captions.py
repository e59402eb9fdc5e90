"""Captions are pinned, released and delivered as the video is, or the page says why not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client

from compliance.permit import MeasureResult, Verdict
from compliance.provenance import read_manifest
from rakkan.audit.models import Event
from rakkan.core.blobs import Area, blob_chunks, blob_fetch
from rakkan.core.errors import Damaged
from rakkan.productions.captionless import captions_lacking
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Captions
from rakkan.releases.signers import trust_anchors
from tests.integration import clips, people
from tests.integration.world import render_result, sealed_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    team = people.team_make()
    people.identity_make(team)
    return team


def in_browser(team: people.Team) -> Client:
    browser = Client()
    browser.force_login(team.requester)
    return browser


def released(team: people.Team) -> Production:
    likeness = people.likeness_make(team)
    people.consent_make(team, likeness)
    production = sealed_make(team, likeness)
    assert production.state == "released", production.problem
    return production


def submitted(team: people.Team, facts: dict[str, Any], **changes: Any) -> Production:
    likeness = people.likeness_make(team)
    people.consent_make(team, likeness, languages=["en", "de"])
    draft = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(**changes),
        voice=people.voice_file(),
    )
    people.measured(draft.pk, MeasureResult(Verdict.USABLE, (), facts))
    draft.refresh_from_db()
    return people.submit(team.requester, draft)


def test_captions_are_released_with_the_video_and_named_by_manifest_and_request(
    team: people.Team, tmp_path: Path
) -> None:
    production = released(team)

    kept = Captions.objects.get(release__subject_id=production.pk)
    content = b"".join(blob_chunks(Area.RELEASES, kept.file_sha256))
    assert content.startswith(b"WEBVTT\n\n1\n00:00:00.056 --> 00:00:02.036\nPlease leave your")
    assert kept.file_sha256 == hashlib.sha256(content).hexdigest() == production.captions_sha256
    assert production.request["captions"] == kept.file_sha256
    blob_fetch(Area.RELEASES, kept.release.file_sha256, tmp_path / "a.mp4")
    assert read_manifest(tmp_path / "a.mp4", trust_anchors()).captions_sha256 == kept.file_sha256


def test_each_delivery_is_in_the_log_with_the_digest_of_what_was_given(team: people.Team) -> None:
    production = released(team)
    browser = in_browser(team)

    page = browser.get(f"/productions/{production.pk}").content.decode()
    answer = browser.get(f"/productions/{production.pk}/captions?download")

    assert 'kind="captions" srclang="en"' in page
    assert answer["Content-Type"] == "text/vtt; charset=utf-8"
    assert b"".join(answer.streaming_content).startswith(b"WEBVTT")
    event = Event.objects.filter(name="releases.release.delivered").order_by("-occurred_at")[0]
    assert event.data["file_sha256"] == production.captions_sha256


def test_with_the_consent_the_captions_are_withdrawn(team: people.Team) -> None:
    production = released(team)
    browser = in_browser(team)

    withdraw(user=team.person, consent_id=production.consent_id)

    for part in ("video", "captions"):
        assert browser.get(f"/productions/{production.pk}/{part}").status_code in (403, 410)


def test_captions_that_changed_in_storage_are_not_released(
    team: people.Team, tmp_path: Path
) -> None:
    production = submitted(team, people.heard(clips.SECONDS), transcript=people.SPOKEN)
    production = people.approve(team.approver, production)
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    data = clips.marked_clip(tmp_path, production.asset_id)
    result = render_result(data)
    assert worker.upload(result["sha256"], data).status_code == 201
    assert worker.result(result).status_code == 200
    people.lips_measured(production)
    changed(f"inputs/{production.captions_sha256[:2]}/{production.captions_sha256}")

    production_finish(production.pk)

    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == ("failed", "blob-changed")
    assert not Captions.objects.exists()


def test_captions_that_changed_after_the_release_are_not_delivered(team: people.Team) -> None:
    production = released(team)
    changed(f"releases/{production.captions_sha256[:2]}/{production.captions_sha256}")

    with pytest.raises(Damaged):
        release_deliver(user=team.requester, production_id=production.pk, captions=True)


def changed(name: str) -> None:
    store = storages["blobs"]
    with store.open(name, "rb") as stream:
        data = bytearray(stream.read())
    data[-2] ^= 1
    store.delete(name)
    store.save(name, ContentFile(bytes(data)))


@pytest.mark.parametrize(
    ("facts", "changes", "why", "said"),
    [
        ({"seconds": 5.0}, {}, "no-transcript", "there is no transcript"),
        (
            {"seconds": 5.0, "transcript": {"compared": False, "why": "language-not-measured"}},
            {"transcript": "Bitte nach dem Ton.", "language": "de"},
            "language-not-measured",
            "nothing here reads this language aloud",
        ),
        (
            people.heard(5.6) | {"cues": [[0, 9999, 0, 100]]},
            {"transcript": people.SPOKEN},
            "not-aligned",
            "the words could not be laid over the sound",
        ),
    ],
)
def test_where_there_are_none_the_page_says_why(
    team: people.Team, facts: dict[str, Any], changes: dict[str, Any], why: str, said: str
) -> None:
    production = submitted(team, facts, **changes)

    assert "captions" not in production.request
    assert captions_lacking(production) == why
    page = in_browser(team).get(f"/productions/{production.pk}").content.decode()
    assert said in page

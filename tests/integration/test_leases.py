"""One worker at a time, and none that is late, forged or fenced off."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.test import Client
from django.utils import timezone

from compliance.permit import JobKind, RenderResult, permit_verify
from compliance.signing import KeyRole, StatementVerifier
from rakkan.audit.models import Event
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.dispatch.services import job_resend, job_send, jobs_unclaimed
from rakkan.productions.models import Production, Rendering
from rakkan.productions.services.reconcile import reconcile
from tests.integration import people

pytestmark = pytest.mark.django_db

FILE = b"the bytes of a rendered file"
SHA256 = hashlib.sha256(FILE).hexdigest()


def result(**changes: object) -> dict[str, object]:
    values = RenderResult(
        sha256=SHA256,
        size=len(FILE),
        frames=125,
        seconds=5.0,
        engine="mesh",
        engine_version="1",
        models={},
        prompt_report=[],
        cpu_seconds=1.0,
        wall_seconds=1.0,
    )
    return values.to_dict() | changes


def approved() -> tuple[Production, people.Worker]:
    production = people.approved_make(people.team_make())
    return production, people.render_worker(production)


def silence(worker: people.Worker) -> None:
    """Let the lease of a worker run out, as if it had been killed."""
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=worker.job_id).update(lease_until=past)


def test_the_permit_says_what_was_approved() -> None:
    production, worker = approved()

    answer = worker.claim().json()

    pem = (Path(settings.RAKKAN_TRUST) / "permit.pub.pem").read_bytes()
    trusted = StatementVerifier.from_pems(KeyRole.PERMIT, [pem])
    permit = permit_verify(answer["permit"], trusted, job_id=worker.job_id)
    assert permit.request_digest == production.request_digest
    assert permit.asset_id == production.asset_id
    assert permit.kind is JobKind.RENDER
    assert permit.spec.input("voice").sha256 == production.voice_sha256
    production.refresh_from_db()
    assert production.state == "rendering"


def test_a_job_is_leased_once() -> None:
    production, first = approved()
    assert first.claim().status_code == 200

    second = people.render_worker(production).claim()

    assert second.status_code == 409
    assert second.json()["code"] == "job-not-claimable"


def test_a_message_that_comes_again_is_no_event() -> None:
    production, worker = approved()
    worker.claim()

    for _ in range(3):
        assert people.render_worker(production).claim().json()["code"] == "job-not-claimable"

    assert not Event.objects.filter(name="dispatch.permit.refused").exists()


def test_reminders_come_more_and_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    _, worker = approved()
    start = timezone.now()
    sent = []
    for seconds in range(0, 600, 5):
        moment = start + timedelta(seconds=seconds)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        sent += [(seconds, job.pk) for job in jobs_unclaimed()]
        for job in jobs_unclaimed():
            job_resend(job)

    times = [seconds for seconds, pk in sent if str(pk) == worker.job_id]
    assert 3 <= len(times) <= 6, times
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == sorted(gaps)


def test_a_stranger_without_the_token_gets_nothing() -> None:
    _, worker = approved()

    for headers in ({}, {"authorization": "Bearer guess"}):
        answer = Client().post(
            f"/worker/v1/jobs/{worker.job_id}/claim",
            {"worker": "x", "kinds": ["render"], "engines": ["mesh"]},
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"


def test_an_accepted_result_uses_the_permit_up_and_goes_to_sealing() -> None:
    production, worker = approved()
    worker.claim()
    assert worker.upload(SHA256, FILE).status_code == 201

    answer = worker.result(result())

    assert answer.status_code == 200, answer.json()
    production.refresh_from_db()
    assert production.state == "rendered"
    assert IssuedPermit.objects.get(job=worker.job_id).use
    again = worker.result(result())  # its answer was lost on the way: not a thing to report
    assert again.json()["code"] == "already-received"
    assert not Event.objects.filter(name="productions.rendering.refused").exists()
    assert Rendering.objects.filter(production=production).count() == 1


def test_a_dead_workers_job_is_given_to_another_and_the_first_is_fenced_off() -> None:
    production, first = approved()
    first.claim()
    first.upload(SHA256, FILE)
    silence(first)

    reconcile()

    production.refresh_from_db()
    assert production.state == "queued"
    second = people.render_worker(production)
    assert second.claim().status_code == 200
    assert second.fence == first.fence + 1
    assert first.heartbeat().json()["code"] == "lease-lost"
    assert first.result(result()).json()["code"] == "lease-lost"
    second.upload(SHA256, FILE)
    assert second.result(result()).status_code == 200
    assert Rendering.objects.get(production=production).permit.fence == second.fence
    reclaimed = Event.objects.get(name="dispatch.job.reclaimed", object_id=first.job_id)
    assert reclaimed.data["why"] == "worker-silent"


def test_a_job_that_kills_its_worker_each_time_is_given_up() -> None:
    production, worker = approved()
    for _ in range(5):
        assert worker.claim().status_code == 200
        silence(worker)
        reconcile()

    production.refresh_from_db()
    assert production.state == "failed"
    assert production.problem["code"] == "worker-died"
    assert worker.claim().json()["code"] == "job-not-claimable"


def test_a_fault_of_the_system_is_tried_again_and_a_bad_input_is_not() -> None:
    production, worker = approved()
    worker.claim()
    worker.failure("disk-full", "system")
    production.refresh_from_db()
    assert production.state == "queued"

    worker.claim()
    worker.failure("audio-unreadable", "input")

    production.refresh_from_db()
    assert production.state == "failed"
    assert production.problem == {
        "code": "audio-unreadable",
        "title": "The video could not be made.",
        "detail": "What went wrong.",
        "remedy": "What helps.",
    }


def test_a_file_that_is_not_what_it_says_is_refused() -> None:
    _, worker = approved()
    worker.claim()

    answer = worker.upload("0" * 64, FILE)

    assert answer.status_code == 400
    assert answer.json()["code"] == "digest-mismatch"


def test_a_result_without_its_file_is_not_accepted() -> None:
    production, worker = approved()
    worker.claim()

    answer = worker.result(result(sha256=hashlib.sha256(b"never uploaded").hexdigest()))

    assert answer.json()["code"] == "blob-missing"
    assert not Rendering.objects.filter(production=production).exists()


def test_a_malformed_result_is_refused_and_the_lease_stays() -> None:
    _, worker = approved()
    worker.claim()

    answer = worker.result({"sha256": 5})

    assert answer.status_code == 400
    assert answer.json()["code"] == "result-invalid"
    assert worker.heartbeat().status_code == 200


def test_a_worker_reads_the_inputs_of_its_job_and_no_others() -> None:
    production, worker = approved()
    claim = worker.claim().json()
    other = people.likeness_make(people.team_make())
    headers = {
        "authorization": "Bearer the token of the workers in the tests",
        "x-rakkan-lease": worker.lease,
    }

    voice = next(item for item in claim["inputs"] if item["role"] == "voice")
    answer = Client().get(voice["url"], headers=headers)
    data = b"".join(answer.streaming_content)
    assert hashlib.sha256(data).hexdigest() == production.voice_sha256

    foreign = hashlib.sha256(b"something else").hexdigest()
    answer = Client().get(f"/worker/v1/jobs/{worker.job_id}/inputs/{foreign}", headers=headers)
    assert answer.json()["code"] == "input-unknown"
    assert other.portrait_sha256  # same bytes, another person's: named by digest, not by owner


def test_a_worker_without_the_engine_gets_nothing() -> None:
    _, worker = approved()

    assert worker.claim(engines=("portraittalk",)).json()["code"] == "job-not-claimable"


def test_a_measurement_is_handed_out_before_videos_that_wait_longer(
    django_capture_on_commit_callbacks: Any,
) -> None:
    production, worker = approved()
    drawing = Job.objects.get(pk=worker.job_id)
    measuring = people.job_of(production.pk, JobKind.MEASURE)
    name = f"queue-{uuid4().hex}"  # nobody else's
    with django_capture_on_commit_callbacks(execute=True):
        for job in (drawing, measuring):
            job.queue = name
            job_send(job)

    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue(name)
        asked = [queue.get(timeout=10).payload[0] for _ in range(2)]
        queue.close()

    assert asked == [[str(measuring.pk)], [str(drawing.pk)]]

"""Nothing is released whose lips nobody has looked at, or whose lips do not follow the voice."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import av
import pytest
from django.db import Error, transaction
from django.utils import timezone

from compliance.permit import JobKind
from rakkan.audit.models import Event
from rakkan.core.errors import Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import jobs_stop_of
from rakkan.dispatch.services.lease import MAX_DELIVERIES
from rakkan.productions.models import LipsMeasurement, Production
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.lips import lips_are_known
from rakkan.productions.services.queue import SEAL_TASK
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.withdraw import withdraw
from rakkan.productions.stuck import STUCK_AFTER, Why, productions_stuck
from rakkan.releases.lips import Outcome, lips_judge
from rakkan.releases.models import GateReport, Release
from rakkan.releases.services.lips import Lips, check_lips
from tests.integration import people
from tests.integration.test_seal_and_gate import assert_not_released, handed_in
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db
DATA = b"what a worker made"


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def production(team: people.Team) -> Production:
    """A production whose rendering has come in; nobody has looked at its lips yet."""
    production = people.approved_make(team)
    worker = people.render_worker(production)
    worker.claim()
    assert worker.upload(hashlib.sha256(DATA).hexdigest(), DATA).status_code == 201
    assert worker.result(render_result(DATA)).status_code == 200
    production.refresh_from_db()
    return production


def job_of(production: Production) -> Job:
    return people.job_of(production.rendering.pk, JobKind.MEASURE)


def looking(production: Production) -> people.Worker:
    """A worker for the job that looks at the lips, not claimed yet."""
    return people.Worker(str(job_of(production).pk))


def answered(worker: people.Worker, **numbers: float) -> int:
    facts = people.LIPS_IN_STEP | numbers
    answer = worker.result({"verdict": "usable", "findings": [], "facts": facts})
    return int(answer.status_code)


# -- what the numbers say -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "outcome", "said"),
    [
        ({}, Outcome.IN_STEP, "correlation 0.71 in time, 5.6 s looked at"),
        ({"speech_seconds": 0.4, "in_time": 0.0}, Outcome.NO_SPEECH, "not judged: no speech"),
        ({"in_time": 0.05, "best": 0.1}, Outcome.OUT_OF_STEP, "do not follow the voice"),
        ({"in_time": 0.3, "best": 0.7, "lag_ms": -320}, Outcome.OUT_OF_STEP, "320 ms early"),
        ({"in_time": 0.32, "best": 0.4, "speech_seconds": 3.0}, Outcome.IN_STEP, "0.32"),
        ({"in_time": 0.32, "best": 0.4, "speech_seconds": 5.5}, Outcome.OUT_OF_STEP, "takes 0.38"),
        ({"in_time": 0.5, "best": 0.64, "lag_ms": 160}, Outcome.IN_STEP, "0.50"),
        ({"moved_cm": 0.05}, Outcome.OUT_OF_STEP, "hardly move"),
        ({"moved_cm": float("inf")}, Outcome.NOT_JUDGED, "contradict"),
        ({"faces": 60}, Outcome.NO_FACE, "60 of 140"),
        ({"faces": 0, "in_time": 0.0, "best": 0.0}, Outcome.NO_FACE, "0 of 140"),
        ({"frames": 20, "faces": 20}, Outcome.NO_FACE, "20 of 20"),
        ({"faces": 150}, Outcome.NOT_JUDGED, "contradict"),
        ({"in_time": 0.9}, Outcome.NOT_JUDGED, "contradict"),
        ({"best": 1.5}, Outcome.NOT_JUDGED, "contradict"),
        ({"in_time": float("nan")}, Outcome.NOT_JUDGED, "contradict"),
        ({"lag_ms": True}, Outcome.NOT_JUDGED, "lag_ms"),
    ],
)
def test_numbers_are_judged_by_bounds_and_a_doubt_is_no(
    numbers: dict[str, float], outcome: Outcome, said: str
) -> None:
    judged = lips_judge(people.LIPS_IN_STEP | numbers)

    assert judged.outcome is outcome
    assert said in judged.said
    assert judged.passes == (outcome in (Outcome.IN_STEP, Outcome.NO_SPEECH))


def test_no_numbers_are_no_judgement() -> None:
    assert lips_judge({}).outcome is Outcome.NOT_JUDGED
    assert lips_judge({"error": "video-unreadable"}).said.endswith("video-unreadable")


# -- the job -------------------------------------------------------------------------------------


def test_a_worker_is_asked_about_the_very_file_as_soon_as_it_has_come_in(
    production: Production,
) -> None:
    spec = job_of(production).job_spec()

    assert spec.engine == "lips"
    assert [item.role for item in spec.inputs] == ["video", "voice"]
    assert spec.input("video").sha256 == production.rendering.file_sha256
    assert people.input_of(production.rendering.pk, spec.input("video").sha256) == DATA


def test_a_worker_that_does_not_look_at_lips_is_not_given_the_job(production: Production) -> None:
    worker = looking(production)

    assert worker.claim(engines=("mesh",)).json()["code"] == "job-not-claimable"
    assert worker.claim().status_code == 200


def test_a_worker_that_looks_at_lips_hands_in_no_file(production: Production) -> None:
    worker = looking(production)
    worker.claim()

    answer = worker.upload(hashlib.sha256(b"x").hexdigest(), b"x")

    assert answer.json()["code"] == "measure-writes-nothing"


def test_numbers_are_kept_once_and_nothing_else_that_a_worker_says(production: Production) -> None:
    worker = looking(production)
    worker.claim()
    facts = people.LIPS_IN_STEP | {"error": "what a worker says", "name": "Ada"}
    said = {"verdict": "usable", "findings": [], "facts": facts}

    assert worker.result(said).status_code == 200

    kept = LipsMeasurement.objects.get(rendering=production.rendering)
    assert kept.outcome == "in-step"
    assert kept.facts == people.LIPS_IN_STEP
    assert worker.result(said).json()["code"] == "lease-lost"
    told = Event.objects.get(name="productions.lips.measured", object_id=str(production.pk))
    assert told.data["outcome"] == "in-step"


def test_a_worker_that_fell_silent_is_followed_by_another(production: Production) -> None:
    silent = looking(production)
    silent.claim()
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=silent.job_id).update(lease_until=past)

    reconcile()

    assert answered(silent) == 409
    second = looking(production)
    assert second.claim().status_code == 200
    assert answered(second) == 200
    assert lips_are_known(production.pk)


@pytest.mark.parametrize("fault", ["input", "system"])
def test_where_nobody_can_look_the_file_does_not_pass(production: Production, fault: str) -> None:
    for _ in range(1 if fault == "input" else MAX_DELIVERIES):
        worker = looking(production)
        assert worker.claim().status_code == 200
        assert worker.failure("video-unreadable", fault).status_code == 200

    kept = LipsMeasurement.objects.get(rendering=production.rendering)
    assert (kept.outcome, kept.facts) == ("not-judged", {"error": "video-unreadable"})
    assert job_of(production).state == "failed"


def test_a_cancel_calls_the_worker_back(team: people.Team, production: Production) -> None:
    worker = looking(production)
    worker.claim()

    production_cancel(user=team.requester, production_id=production.pk)

    assert job_of(production).state == "cancelled"
    assert worker.heartbeat().json()["code"] == "lease-lost"
    assert answered(worker) == 409
    assert not LipsMeasurement.objects.exists()


def test_after_a_withdrawal_nobody_looks_at_a_face(
    team: people.Team, production: Production
) -> None:
    withdraw(user=team.person, consent_id=production.consent_id)

    production.refresh_from_db()
    assert production.state == "stopped"
    assert looking(production).claim().status_code == 409
    assert job_of(production).state == "cancelled"


def test_a_withdrawal_that_was_not_carried_out_yet_is_seen_at_claim_and_result(
    team: people.Team, production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = looking(production)
    worker.claim()
    with monkeypatch.context() as killed:
        killed.setattr("rakkan.productions.services.withdraw.end_carry_out", lambda *_, **__: 0)
        withdraw(user=team.person, consent_id=production.consent_id)

    assert answered(worker) == 403

    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == ("stopped", "consent-withdrawn")
    assert not LipsMeasurement.objects.exists()


def test_what_was_rendered_before_lips_were_asked_for_is_asked_about_by_the_seal_worker(
    production: Production,
) -> None:
    stopped = jobs_stop_of(person=production.likeness.person, error={"code": "none"})
    assert stopped == 1  # as if there had never been a job

    assert not lips_are_known(production.pk)

    assert job_of(production).state == "queued"
    assert not lips_are_known(production.pk)
    assert Job.objects.filter(subject_id=production.rendering.pk).count() == 2


# -- the gate ------------------------------------------------------------------------------------


def test_a_sealed_file_waits_for_its_answer_and_is_then_released(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    rendered = handed_in(tmp_path, judged=False)
    production = rendered.production

    production_finish(production.pk)
    production.refresh_from_db()
    assert production.state == "sealed"
    assert not GateReport.objects.filter(subject_id=production.pk).exists()
    now = timezone.now()
    with monkeypatch.context() as later:
        later.setattr(timezone, "now", lambda: now + STUCK_AFTER + timedelta(seconds=1))
        (stuck,) = productions_stuck(rendered.team.organisation.pk)
    assert stuck.why is Why.LIPS_NOT_JUDGED

    sent: list[str] = []
    monkeypatch.setattr(
        "rakkan.productions.services.queue.current_app.send_task",
        lambda name, **_: sent.append(name),
    )
    with django_capture_on_commit_callbacks(execute=True):
        people.lips_measured(production)
    assert SEAL_TASK in sent
    production_finish(production.pk)

    production.refresh_from_db()
    assert production.state == "released", production.problem
    report = GateReport.objects.get(subject_id=production.pk)
    assert report.checks[8]["name"] == "lips"
    assert "correlation 0.71" in report.checks[8]["detail"]


def test_lips_that_do_not_follow_are_quarantined_with_the_reason(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path, judged=False)
    people.lips_measured(rendered.production, in_time=0.04, best=0.2)

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "gate-lips-out-of-step")
    assert "correlation 0.04 in time" in rendered.production.problem["detail"]
    page = people.page_of(rendered.team.requester, rendered.production, "ja")
    assert "口の動きが音声に合っていません" in page
    english = people.page_of(rendered.team.requester, rendered.production, "en")
    assert "The lips do not follow the voice" in english


def test_where_hardly_anybody_speaks_there_is_nothing_to_judge(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path, judged=False)
    people.lips_measured(rendered.production, speech_seconds=0.3, in_time=0.0, best=0.0)

    production_finish(rendered.production.pk)

    release = Release.objects.get(subject_id=rendered.production.pk)
    assert "not judged: no speech" in release.gate.checks[8]["detail"]


def test_an_answer_about_other_pictures_or_another_file_does_not_count(tmp_path: Path) -> None:
    source, same, other = (tmp_path / name for name in ("a.mp4", "b.mp4", "c.mp4"))
    _film(source, [10, 20, 30])
    _film(same, [10, 20, 30], title="another title, the same packets")
    _film(other, [10, 20, 31])
    own = hashlib.sha256(source.read_bytes()).hexdigest()
    assert source.read_bytes() != same.read_bytes()

    assert "follow the voice" in check_lips(same, Lips(own, source, people.LIPS_IN_STEP))
    with pytest.raises(Refused, match="other pictures"):
        check_lips(other, Lips(own, source, people.LIPS_IN_STEP))
    with pytest.raises(Refused, match="another file"):
        check_lips(same, Lips("0" * 64, source, people.LIPS_IN_STEP))


def _film(path: Path, greys: list[int], title: str = "") -> None:
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        for grey in greys:
            frame = av.VideoFrame(64, 64, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([grey]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


# -- the database --------------------------------------------------------------------------------


@pytest.mark.usefixtures("each_role")
def test_the_database_takes_an_answer_about_the_rendered_file_under_its_permit_only(
    production: Production,
) -> None:
    worker, job = looking(production), job_of(production)
    row = {
        "id": uuid4(),
        "rendering": production.rendering,
        "job": job,
        "file_sha256": production.rendering.file_sha256,
        "outcome": "in-step",
        "facts": {},
        "measured_at": timezone.now(),
    }
    for changes in ({}, {"outcome": "not-judged"}):
        with pytest.raises(Error, match="under a permit"), transaction.atomic():
            LipsMeasurement.objects.create(**row | changes)
    worker.claim()
    assert answered(worker) == 200
    kept = LipsMeasurement.objects.get()
    with pytest.raises(Error), transaction.atomic():
        LipsMeasurement.objects.filter(pk=kept.pk).update(outcome="no-speech")
    other = people.job_of(production.pk, JobKind.RENDER)
    for changes in ({"file_sha256": "0" * 64}, {"job": other}):
        with pytest.raises(Error, match="under a permit"), transaction.atomic():
            LipsMeasurement.objects.create(**row | changes)

"""Engines are offered by who can draw with them, and weights are pinned by what is approved."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from compliance.permit import JobKind, permit_verify
from compliance.signing import KeyRole, StatementVerifier
from rakkan.audit.models import Event
from rakkan.core.errors import BadInput
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import engines_offered
from rakkan.productions.models import Production
from rakkan.productions.services.create import Draft
from rakkan.productions.services.engines import check_engine_shows
from rakkan.productions.services.submit import job_spec_of
from tests.integration import people
from tests.integration.test_leases import FILE, SHA256, result

pytestmark = pytest.mark.django_db

OURS, OTHERS = "a1" * 32, "b2" * 32
BOTH = ("mesh", "portraittalk")


@pytest.fixture(autouse=True)
def _nobody_is_here() -> None:
    cache.clear()


def announce(weights: str = OURS, engines: tuple[str, ...] = ("portraittalk",)) -> Any:
    """Say what a worker says at its start, and every half minute."""
    return Client().post(
        "/worker/v1/present",
        {
            "worker": "gpu:1",
            "kinds": [kind.value for kind in JobKind],
            "engines": list(engines),
            "weights": {"portraittalk": weights} if weights else {},
        },
        content_type="application/json",
        headers={"authorization": f"Bearer {settings.RAKKAN_WORKER_TOKEN}"},
    )


def approved() -> Production:
    return people.approved_make(people.team_make(), engine="portraittalk")


def claim(worker: people.Worker, weights: str) -> Any:
    return worker.claim(("portraittalk",), {"portraittalk": weights})


def test_an_engine_is_offered_while_a_worker_says_that_it_is_here() -> None:
    assert engines_offered() == {"mesh": ""}
    answer = announce()
    assert answer.status_code == 200
    assert 0 < answer.json()["seconds"] < settings.RAKKAN_PRESENT_SECONDS
    assert engines_offered() == {"mesh": "", "portraittalk": OURS}
    announce(OTHERS)
    assert engines_offered()["portraittalk"] == OTHERS


def test_what_nobody_can_draw_with_is_not_offered_whatever_is_said(settings: Any) -> None:
    announce(engines=("gate", "unheard-of"))
    assert engines_offered() == {"mesh": ""}
    settings.RAKKAN_PRESENT_SECONDS = 0
    announce()
    assert engines_offered() == {"mesh": ""}


def test_whoever_has_no_token_is_not_heard() -> None:
    answer = Client().post("/worker/v1/present", {}, content_type="application/json")
    assert answer.status_code == 401
    assert announce("not a digest").status_code == 400


@pytest.mark.parametrize(
    ("engine", "code"),
    [("portraittalk", "engine-not-here"), ("gate", "engine-invalid")],
)
def test_an_engine_without_a_worker_cannot_be_chosen(engine: str, code: str) -> None:
    team = people.team_make()
    with pytest.raises(BadInput) as refused:
        people.draft_make(team, people.likeness_make(team), engine=engine)
    assert refused.value.code == code
    assert "mesh" in refused.value.remedy


def test_the_page_asks_for_the_engine_where_there_is_a_choice() -> None:
    team = people.team_make()
    client = Client()
    client.force_login(team.requester)
    assert b'name="engine"' not in client.get("/productions/new").content
    announce()
    page = client.get("/productions/new").content.decode()
    assert 'name="engine"' in page
    assert "the face drawn anew by networks" in page


def test_a_given_picture_is_not_for_an_engine_that_shows_none() -> None:
    check_engine_shows("mesh", picture=True)
    with pytest.raises(BadInput) as refused:
        check_engine_shows("portraittalk", picture=True)
    assert refused.value.code == "engine-background-picture"


def test_weights_are_pinned_at_submission_and_named_by_permit_and_log() -> None:
    announce()
    production = approved()
    announce(OTHERS)  # what is here now does not change what was approved
    assert production.weights_sha256 == OURS
    assert production.request["spec"]["weights"] == OURS
    job = Job.objects.get(subject_id=production.pk, kind="render")
    assert job.queue == "gpu"
    worker = people.render_worker(production)

    assert claim(worker, OTHERS).status_code == 409
    assert worker.claim(BOTH).status_code == 409
    answer = claim(worker, OURS)

    assert answer.status_code == 200
    pem = (Path(settings.RAKKAN_TRUST) / "permit.pub.pem").read_bytes()
    trusted = StatementVerifier.from_pems(KeyRole.PERMIT, [pem])
    permit = permit_verify(answer.json()["permit"], trusted, job_id=worker.job_id)
    assert permit.spec.weights == OURS
    issued = Event.objects.filter(name="dispatch.permit.issued", object_id=str(production.pk))
    assert issued.get(data__kind="render").data["weights"] == OURS


def test_a_result_drawn_with_other_weights_is_refused() -> None:
    announce()
    production = approved()
    worker = people.render_worker(production)
    claim(worker, OURS)
    worker.upload(SHA256, FILE)
    for models in ({}, {"portraittalk": OTHERS}):
        refused = worker.result(result(engine="portraittalk", models=models))
        assert refused.status_code == 409
        assert refused.json()["code"] == "result-invalid"
    taken = worker.result(result(engine="portraittalk", models={"portraittalk": OURS}))
    assert taken.status_code == 200, taken.content


def test_a_production_of_the_mesh_engine_is_pinned_to_no_weights() -> None:
    production = people.approved_make(people.team_make())
    assert production.weights_sha256 == ""
    assert "weights" not in production.request["spec"]
    assert job_spec_of(production, production.consent).weights == ""
    assert hashlib.sha256(FILE).hexdigest() == SHA256


def test_a_draft_s_prompt_is_read_for_the_engine_that_will_draw_it() -> None:
    announce()
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    asked = {"engine": "portraittalk", "prompt": "red shirt"}
    production = people.draft_make(team, likeness, **asked)
    spec = Job.objects.get(subject_id=production.pk).job_spec()
    assert (spec.engine, spec.prompt_for) == ("gate", "portraittalk")
    assert Draft.__dataclass_fields__["engine"].default == "mesh"

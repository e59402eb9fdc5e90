"""Hostile input gets a 4xx, our own faults a 5xx that says nothing of the server."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from compliance.errors import ComplianceError, InvalidInput, PermitInvalid, SignatureInvalid
from compliance.receipt import ReceiptInvalid
from compliance.signing import KeyRole
from rakkan.core.errors import Refused
from rakkan.core.faults import told_outside
from rakkan.core.keys import statement_signer
from rakkan.productions.models import Rendering
from tests.integration import people
from tests.integration.test_leases import FILE, SHA256, approved, result

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


@pytest.fixture
def lose_keys(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """What makes the platform's private keys unreadable; returns where they should be."""

    def lose() -> Path:
        settings.RAKKAN_KEYS = str(tmp_path / "secret-place")
        statement_signer.cache_clear()
        return tmp_path / "secret-place"

    yield lose
    statement_signer.cache_clear()


# Whose fault ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("A field is missing.", code="result-invalid"), 400),
        (InvalidInput("A field is missing."), 400),
        (InvalidInput("/srv/keys/watermark.key cannot be read.", code="key-unreadable"), 503),
        (InvalidInput("/srv/trust/root.pem cannot be read.", code="trust-unreadable"), 503),
        (SignatureInvalid("The key /srv/keys/permit.pem cannot be read."), 503),
        (PermitInvalid("Ours, and expired."), 503),
        (ReceiptInvalid("Ours, and malformed."), 503),
        (ComplianceError("Anything else."), 503),
        (Refused("As it is."), 409),
    ],
)
def test_only_what_the_sender_did_is_a_4xx(
    error: ComplianceError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        told = told_outside(error)

    assert told.status == status
    if status == 503:
        assert str(error) not in str(told)
        assert told.code == "unavailable"
        assert told.remedy
        assert str(error) in caplog.text  # whoever runs it finds it there
    else:
        assert str(told) == str(error)
        assert not caplog.records


def test_a_lost_key_is_our_fault_over_the_api_and_names_no_file(
    lose_keys: Callable[[], Path], caplog: pytest.LogCaptureFixture
) -> None:
    _, worker = approved()
    place = lose_keys()

    answer = worker.claim()

    assert answer.status_code == 503
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["code"] == "unavailable"
    assert str(place) not in answer.content.decode()
    assert str(place / f"{KeyRole.PERMIT.value}.pem") in caplog.text


def test_a_lost_key_is_our_fault_on_the_pages_and_names_no_file(
    lose_keys: Callable[[], Path],
) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    place = lose_keys()
    client = Client(raise_request_exception=False)
    client.force_login(team.person)

    answer = client.post(
        "/consents/new",
        {
            "likeness": str(likeness.pk),
            "purposes": ["product_briefing"],
            "channels": ["intranet"],
            "territories": ["JP"],
            "languages": ["en"],
            "permitted_changes": ["expression"],
            "ai_label": "Made with AI",
            "valid_from": "2020-01-01",
            "valid_until": "2999-01-01",
        },
    )

    assert answer.status_code == 503, answer.content.decode()
    assert str(place) not in answer.content.decode()


# Results -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": "another"},
        {"engine": "me\x00sh"},
        {"seconds": 1e308 * 10},
        {"size": str(len(FILE))},
        {"models": {"a.task": "unknown"}},
        {"prompt_report": [{"words": "calm"}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_result_that_no_true_worker_sends_is_refused_and_leaves_nothing(
    changes: dict[str, object],
) -> None:
    production, worker = approved()
    worker.claim()
    worker.upload(SHA256, FILE)

    answer = worker.result(result(**changes))

    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == PROBLEM
    assert not Rendering.objects.filter(production=production).exists()
    assert worker.heartbeat().status_code == 200  # the lease stays


# Input that breaks readers -------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 100 + b"]" * 100, b'{"email":' + b"9" * 5_000],
    ids=["lists", "objects", "closed", "digits"],
)
def test_json_that_breaks_readers_is_a_bad_request(body: bytes) -> None:
    client = APIClient(raise_request_exception=False)

    answer = client.post("/api/v1/auth/login", body, content_type="application/json")

    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["code"] == "parse-error"


@pytest.mark.parametrize(
    "query",
    [
        "object=%00",
        "name=%00",
        "object=a%00b&name=a",
        f"object={'a' * 65}",
        "object=%ED%A0%80%00",
        f"cursor={quote(base64.b64encode(b'p=%00').decode())}",
        f"cursor={quote(base64.b64encode(b'p=yesterday').decode())}",
    ],
)
def test_filters_of_the_log_that_no_database_takes_are_refused(query: str) -> None:
    client = people.signed_in(people.team_make().auditor)
    client.raise_request_exception = False

    answer = client.get(f"/api/v1/events?{query}")

    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == PROBLEM


def test_a_progress_that_is_no_float_is_refused() -> None:
    _, worker = approved()
    worker.claim()
    client = APIClient(raise_request_exception=False)

    answer = client.post(
        f"/worker/v1/jobs/{worker.job_id}/heartbeat",
        b'{"progress": ' + b"9" * 400 + b', "stage": "frames"}',
        content_type="application/json",
        HTTP_AUTHORIZATION="Bearer the token of the workers in the tests",
        HTTP_X_RAKKAN_LEASE=worker.lease,
    )

    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "wanted",
    [
        f"bytes={'9' * 5_000}-",
        f"bytes=-{'9' * 5_000}",
        f"bytes=0-{'9' * 5_000}",
        f"bytes={'9' * 18}-",
        "bytes=-0",
        "bytes=5-2",
        "bytes=٣-",
    ],
)
def test_a_range_that_is_no_range_of_the_file_is_answered(wanted: str) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    client = Client(raise_request_exception=False)
    client.force_login(team.person)

    answer = client.get(f"/likenesses/{likeness.pk}/portrait", headers={"range": wanted})

    assert answer.status_code in (200, 416)
    if answer.status_code == 200:
        assert len(answer.getvalue()) == likeness.portrait_size

"""A track is compared with a person's sample only while they agree to that."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from compliance.permit import Finding, JobKind, MeasureResult, Verdict
from rakkan.core.errors import BadInput
from rakkan.dispatch.models import Job
from rakkan.identity.services import biometric_consent_grant, biometric_consent_withdraw
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from tests.integration import people

pytestmark = pytest.mark.django_db

FACTS = {"compared": True, "score": 0.512, "match": 0.82, "mismatch": 0.7, "models": {}}


def finding(check: str, verdict: Verdict) -> Finding:
    words = {"en": "It does not sound like the person.", "ja": "本人の声と一致しません。"}
    return Finding(check, verdict, 0.512, 0.7, "similarity", words, words)


def mismatch() -> MeasureResult:
    """What a worker says of somebody else's voice in an otherwise good track."""
    findings = (
        finding("speech", Verdict.USABLE),
        finding("voice-match", Verdict.UNUSABLE),
    )
    return MeasureResult(Verdict.UNUSABLE, findings, {"seconds": 5.0, "voice_match": FACTS})


def drafted(team: people.Team) -> Production:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    return production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
    )


def roles(job: Job) -> list[str]:
    return [item.role for item in job.job_spec().inputs]


def measured_match(production: Production) -> Any:
    production = Production.objects.get(pk=production.pk)
    return production.voice_measurement.facts["voice_match"]


def test_without_consent_to_matching_the_job_does_not_even_name_the_sample() -> None:
    team = people.team_make()
    production = drafted(team)
    job = people.job_of(production.pk, JobKind.MEASURE)

    people.measured(production.pk, mismatch())  # a worker that claims to have compared

    assert roles(job) == ["voice"]
    assert measured_match(production) == {
        "compared": False,
        "why": "biometric-consent-missing",
    }
    production.refresh_from_db()
    assert production.voice_measurement.verdict == "usable"
    client = Client()
    client.force_login(team.requester)
    page = client.get(f"/productions/{production.pk}").content.decode()
    assert "the person does not consent to biometric matching" in page


def test_a_voice_that_is_not_the_speakers_cannot_be_submitted() -> None:
    team = people.team_make()
    biometric_consent_grant(user=team.person, agreed=True)
    production = drafted(team)
    assert roles(people.job_of(production.pk, JobKind.MEASURE)) == ["voice", "sample"]

    people.measured(production.pk, mismatch())

    with pytest.raises(BadInput, match="does not sound like") as refused:
        people.submit(team.requester, production)
    assert refused.value.code == "voice-unusable"
    client = Client()
    client.force_login(team.requester)
    page = client.get(f"/productions/{production.pk}").content.decode()
    assert "the same voice from 0.82, another below 0.70" in page


def test_who_takes_the_consent_back_before_a_worker_came_is_not_compared() -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)
    production = drafted(team)
    waiting = people.job_of(production.pk, JobKind.MEASURE)
    biometric_consent_withdraw(user=team.person, consent_id=consent.pk)

    answer = people.Worker(str(waiting.pk)).claim()

    assert (answer.status_code, answer.json()["code"]) == (409, "job-not-claimable")
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    again = people.job_of(production.pk, JobKind.MEASURE)
    assert (again.state, roles(again)) == ("queued", ["voice"])
    people.measured(production.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
    assert measured_match(production)["compared"] is False


def test_who_takes_the_consent_back_while_it_is_compared_finds_no_result_kept() -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)
    production = drafted(team)
    worker = people.Worker(str(people.job_of(production.pk, JobKind.MEASURE).pk))
    assert worker.claim().status_code == 200
    biometric_consent_withdraw(user=team.person, consent_id=consent.pk)

    assert worker.result(mismatch().to_dict()).status_code == 200

    assert measured_match(production) == {
        "compared": False,
        "why": "biometric-consent-missing",
    }
    measurement = Production.objects.get(pk=production.pk).voice_measurement
    assert measurement.verdict == "usable"
    assert [each["check"] for each in measurement.findings] == ["speech"]

"""A track is compared with its transcript: what approvers are told, and what is never submitted."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.test import Client

from compliance.permit import Finding, JobKind, MeasureResult, Verdict
from rakkan.core.errors import BadInput
from rakkan.evidence.services.bundle import _voice_measurement
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from tests.integration import people

pytestmark = pytest.mark.django_db

TEXT = "Good morning, all of you."
FACTS = {
    **{"compared": True, "distance": 0.041, "same": 0.2, "other": 0.42, "models": {}},
    **{"heard": "Good mourning, all of you.", "heard_seconds": 1.6},
}


def drafted(team: people.Team, transcript: str = TEXT) -> Production:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    return production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(transcript=transcript),
        voice=people.voice_file(),
    )


def compared(verdict: Verdict) -> MeasureResult:
    words = {"en": "The voice says something else.", "ja": "音声は原稿と違います。"}
    found = Finding("transcript-other", verdict, 0.041, 0.42, "distance", words, words)
    return MeasureResult(verdict, (found,), {"seconds": 5.0, "transcript": FACTS})


def page_of(team: people.Team, production: Production) -> str:
    client = Client()
    client.force_login(team.requester)
    return client.get(f"/productions/{production.pk}").content.decode()


def test_a_worker_is_given_the_transcript_under_a_digest_that_tells_nothing_of_it() -> None:
    production = drafted(people.team_make())
    job = people.job_of(production.pk, JobKind.MEASURE)
    named = {item.role: item for item in job.job_spec().inputs}

    given = people.input_of(production.pk, named["transcript"].sha256)

    assert json.loads(given)["text"] == TEXT
    assert hashlib.sha256(given).hexdigest() == named["transcript"].sha256
    assert len(given) == named["transcript"].size
    assert production.salt in given.decode(), "who guesses the words cannot check the guess"


def test_without_a_transcript_none_is_named_and_none_is_said_to_be_compared() -> None:
    team = people.team_make()
    production = drafted(team, transcript="")
    job = people.job_of(production.pk, JobKind.MEASURE)
    assert [item.role for item in job.job_spec().inputs] == ["voice"]

    people.measured(production.pk, compared(Verdict.USABLE))  # a worker that claims to have

    production = Production.objects.get(pk=production.pk)
    assert "transcript" not in production.voice_measurement.facts
    assert people.submit(team.requester, production).state == "in_approval"


def test_another_text_cannot_be_submitted() -> None:
    team = people.team_make()
    production = drafted(team)
    people.measured(production.pk, compared(Verdict.UNUSABLE))

    with pytest.raises(BadInput, match="says something else") as refused:
        people.submit(team.requester, production)

    assert refused.value.code == "voice-unusable"


def test_approvers_see_how_alike_text_and_sound_are() -> None:
    team = people.team_make()
    production = drafted(team)
    people.measured(production.pk, compared(Verdict.WARNINGS))

    production = people.submit(team.requester, Production.objects.get(pk=production.pk))

    assert production.state == "in_approval"
    page = page_of(team, production)
    assert "0.04 · the same words up to 0.20, another text above 0.42" in page
    assert "The voice says something else." in page
    assert "Good mourning, all of you." in page
    evidence = _voice_measurement(production)["transcript"]
    assert evidence["distance"] == 0.041
    assert "heard" not in evidence, "what was heard stays with those who decide"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"transcript": {"compared": False, "why": "language-not-measured"}},
            "Not compared: the comparison was not measured for this language",
        ),
        ({}, "Not compared: the worker does not compare transcripts"),
    ],
)
def test_what_was_not_compared_is_called_so(facts: dict[str, object], words: str) -> None:
    team = people.team_make()
    production = drafted(team)

    people.measured(production.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0, **facts}))

    assert words in page_of(team, production)
    assert people.submit(team.requester, production).state == "in_approval"


def test_a_transcript_that_was_exchanged_after_it_was_compared_is_not_submitted() -> None:
    team = people.team_make()
    production = drafted(team)
    people.measured(production.pk, compared(Verdict.USABLE))
    production.transcript = "Something that nobody compared."
    production.save()

    with pytest.raises(BadInput) as refused:
        people.submit(team.requester, production)

    assert refused.value.code == "transcript-changed"

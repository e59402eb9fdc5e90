"""A voice has an owner: only they enrol it and say what it may be used for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.test import Client

from compliance.__main__ import main
from compliance.permit import Verdict
from compliance.receipt.reader import read_record
from rakkan.audit.models import Event
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_state
from rakkan.consents.services import consent_grant, consents_grant
from rakkan.core.errors import BadInput, NotPermitted, Refused
from rakkan.likenesses.models import Voice
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.portray import voice_enrol
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people

pytestmark = pytest.mark.django_db


def test_a_person_enrols_a_voice_and_sees_what_the_gate_says_of_it() -> None:
    team = people.team_make()
    api = people.signed_in(team.person)

    answer = api.post("/api/v1/voices", {"label": "Office", "sample": people.voice_file()})

    assert answer.status_code == 201, answer.json()
    voice = Voice.objects.get(pk=answer.json()["id"])
    assert (voice.person.user, voice.label) == (team.person, "Office")
    assert Event.objects.filter(object_id=voice.pk, name="likenesses.voice.added").exists()
    people.measured(voice.pk, people.MeasureResult(Verdict.UNUSABLE, (), {}))
    shown = api.get(f"/api/v1/voices/{voice.pk}").json()
    assert shown["measurement"]["verdict"] == "unusable"


def test_a_requester_enrols_no_voice() -> None:
    team = people.team_make()

    with pytest.raises(NotPermitted):
        voice_enrol(user=team.requester, label="", sample=people.voice_file())

    assert not Voice.objects.exists()
    assert Event.objects.filter(name="likenesses.voice.refused").exists()


def test_the_sample_is_heard_by_its_owner_and_by_those_who_compare() -> None:
    team = people.team_make()
    voice = people.voice_make(team)
    heard = {}
    for name in ("person", "approver", "auditor", "requester"):
        client = Client()
        client.force_login(getattr(team, name))
        answer = client.get(f"/voices/{voice.pk}/sample")
        heard[name] = answer.status_code
        if answer.streaming:
            assert b"".join(answer.streaming_content) == people.voice_file().read()

    assert heard == {"person": 200, "approver": 200, "auditor": 200, "requester": 403}


def test_a_consent_to_a_voice_has_a_receipt_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = people.team_make()
    people.identity_make(team)
    voice = people.voice_make(team)

    consent = people.voice_consent_make(team, voice, permitted_changes=["synthetic_speech"])

    terms = read_record(consent.record)
    assert (terms.target, terms.target_sha256) == ("voice", voice.sample_sha256)
    assert terms.permitted_changes == ("synthetic_speech",)
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps({"receipt": consent.receipt}))
    trust = str(settings.RAKKAN_TRUST)
    assert main(["receipt", "verify", str(path), "--trust", trust]) == 0
    assert f"voice sample {voice.sample_sha256[:16]}" in capsys.readouterr().out


def test_only_the_speaker_consents_with_a_usable_sample_and_a_verified_identity() -> None:
    team = people.team_make()
    stranger = people.team_make()
    unusable = people.voice_make(team, Verdict.UNUSABLE)
    voice = people.voice_make(team)
    scope = people.terms(permitted_changes=[])

    with pytest.raises(Refused, match="identity"):
        consent_grant(user=team.person, trait=voice, terms=scope)
    people.identity_make(team)
    with pytest.raises(NotPermitted, match="their voice"):
        consent_grant(user=stranger.person, trait=voice, terms=scope)
    with pytest.raises(BadInput, match="unusable"):
        consent_grant(user=team.person, trait=unusable, terms=scope)
    with pytest.raises(BadInput, match="clothing"):
        consent_grant(
            user=team.person, trait=voice, terms=people.terms(permitted_changes=["clothing"])
        )
    assert not Consent.objects.exists()


def test_one_page_gives_both_consents_each_with_the_changes_of_its_kind() -> None:
    team = people.team_make()
    people.identity_make(team)
    likeness, voice = people.likeness_make(team), people.voice_make(team)
    client = Client()
    client.force_login(team.person)
    form = {
        "likeness": str(likeness.pk),
        "voice": str(voice.pk),
        "purposes": ["product_briefing"],
        "channels": ["intranet"],
        "territories": ["JP"],
        "languages": ["en"],
        "permitted_changes": ["expression", "synthetic_speech"],
        "ai_label": "Made with AI",
        "valid_until": people.terms().valid_until.date().isoformat(),
    }

    assert client.post("/consents/new", form).status_code == 302

    changes = {
        (consent.likeness_id, consent.voice_id): consent.permitted_changes
        for consent in Consent.objects.all()
    }
    assert changes == {
        (likeness.pk, None): ["expression"],
        (None, voice.pk): ["synthetic_speech"],
    }
    assert client.get("/consents").status_code == 200


def test_of_two_consents_in_one_act_either_both_are_given_or_none() -> None:
    team = people.team_make()
    people.identity_make(team)
    likeness = people.likeness_make(team)
    voice = people.voice_make(team, Verdict.UNUSABLE)

    with pytest.raises(BadInput, match="unusable"):
        consents_grant(user=team.person, traits=[likeness, voice], terms=people.terms())
    with pytest.raises(BadInput):
        consents_grant(user=team.person, traits=[], terms=people.terms())

    assert not Consent.objects.exists()
    assert Event.objects.filter(name="consents.consent.refused").exists()


def test_the_api_takes_a_likeness_or_a_voice_and_not_both() -> None:
    team = people.team_make()
    people.identity_make(team)
    likeness, voice = people.likeness_make(team), people.voice_make(team)
    scope = people.terms(permitted_changes=[])
    body = {name: getattr(scope, name) for name in ("purposes", "channels", "territories")}
    body |= {"languages": ["en"], "ai_label": "Made with AI"}
    body |= {"valid_from": scope.valid_from.isoformat(), "valid_until": scope.valid_until}
    api = people.signed_in(team.person)

    both = {**body, "likeness": str(likeness.pk), "voice": str(voice.pk)}
    for given in (body, both):
        assert api.post("/api/v1/consents", given, format="json").status_code == 400
    answer = api.post("/api/v1/consents", {**body, "voice": str(voice.pk)}, format="json")

    assert answer.status_code == 201, answer.json()
    assert (answer.json()["voice"], answer.json()["likeness"]) == (str(voice.pk), None)


def test_a_consent_to_a_voice_is_narrowed_and_withdrawn_like_any_other() -> None:
    team = people.team_make()
    people.identity_make(team)
    voice = people.voice_make(team)
    consent = people.voice_consent_make(team, voice, permitted_changes=["synthetic_speech"])
    scope = people.terms(permitted_changes=[], valid_until=consent.valid_until)

    successor = narrow(user=team.person, consent_id=consent.pk, terms=scope)
    assert (successor.voice_id, successor.permitted_changes) == (voice.pk, [])
    assert consent_state(consent).value == "superseded"
    withdraw(user=team.person, consent_id=successor.pk)
    assert consent_state(successor).value == "withdrawn"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE likenesses_voice SET sample_sha256 = 'x'",
        "DELETE FROM likenesses_voice",
        "UPDATE likenesses_samplemeasurement SET verdict = 'usable'",
    ],
)
def test_the_database_keeps_samples_and_verdicts_as_they_are(statement: str) -> None:
    people.voice_make(people.team_make())

    with pytest.raises(Error), transaction.atomic():
        people.sql(statement)


def test_the_database_refuses_a_consent_about_nothing_or_about_two_things() -> None:
    team = people.team_make()
    people.identity_make(team)
    likeness, voice = people.likeness_make(team), people.voice_make(team)
    consent = people.voice_consent_make(team, voice)
    for about in ({"voice": None}, {"likeness": likeness}, {"permitted_changes": ["clothing"]}):
        row = Consent.objects.get(pk=consent.pk)
        row.pk = likeness.pk  # any new id
        for name, value in about.items():
            setattr(row, name, value)
        with pytest.raises(Error), transaction.atomic():
            row.save(force_insert=True)

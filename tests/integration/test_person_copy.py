"""My data: all of one's own, nothing of anybody else's, and taking a copy is in the log."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from django.test import Client

from compliance.canonical import digest
from rakkan.audit.models import Event
from rakkan.consents.services import consent_grant
from rakkan.identity.services import biometric_consent_grant
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people
from tests.integration.test_consents import released

pytestmark = pytest.mark.django_db


def test_the_copy_holds_everything_about_the_person(tmp_path: Path) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    voice = people.voice_ready(team)
    consent = consent_grant(user=team.person, trait=likeness, terms=people.terms())
    biometric = biometric_consent_grant(user=team.person, agreed=True)
    production = released(team, consent, tmp_path)
    release_deliver(user=team.requester, production_id=production.pk)
    withdraw(user=team.person, consent_id=consent.pk)

    copy = people.signed_in(team.person).get("/api/v1/me/data").json()

    assert copy["person"]["email"] == team.person.email
    portrait = copy["portraits"][0]
    content = base64.b64decode(portrait["content_base64"])
    assert hashlib.sha256(content).hexdigest() == portrait["sha256"] == likeness.portrait_sha256
    assert [check["verified"] for check in copy["identity_checks"]] == [True]
    assert [row["id"] for row in copy["biometric_consents"]] == [str(biometric.pk)]
    sample = copy["voices"][0]
    content = base64.b64decode(sample["content_base64"])
    assert hashlib.sha256(content).hexdigest() == sample["sha256"] == voice.sample_sha256
    assert [row["state"] for row in copy["consents"]] == ["withdrawn", "live"]
    assert copy["consents"][0]["receipt"] == consent.receipt
    assert digest(copy["consents"][0]["record"]) == consent.record_digest
    made = copy["productions"][0]
    assert (made["state"], made["status_url"][-16:]) == ("revoked", production.asset_id)
    assert [row["role"] for row in made["deliveries"]] == ["requester"]
    names = {event["name"] for event in copy["events"]}
    assert names >= {
        "likenesses.likeness.added",
        "identity.check.decided",
        "identity.biometric_consent.granted",
        "consents.consent.withdrawn",
        "productions.production.released",
        "releases.release.delivered",
        "releases.release.revoked",
    }


def test_it_names_no_colleague_and_nobody_elses_data() -> None:
    team = people.team_make()
    other = people.user_make(team.organisation, people.Role.DEPICTED_PERSON)
    production = people.submitted_make(team)
    biometric_consent_grant(user=other, agreed=True)
    draft = people.draft_make(team, production.likeness, title="Not sent yet")

    text = people.signed_in(team.person).get("/api/v1/me/data").content.decode()
    theirs = people.signed_in(other).get("/api/v1/me/data").json()

    for user in (team.requester, team.approver, team.reviewer, other):
        assert user.email not in text
        assert str(user.pk) not in text
    assert str(draft.pk) not in text
    assert theirs["productions"] == theirs["portraits"] == theirs["consents"] == []
    assert str(team.person.pk) not in json.dumps(theirs)


def test_taking_a_copy_is_in_the_log_and_is_the_persons_alone() -> None:
    team = people.team_make()
    people.submitted_make(team)

    assert people.signed_in(team.person).get("/api/v1/me/data").status_code == 200
    answer = people.signed_in(team.auditor).get("/api/v1/me/data")

    assert answer.json()["code"] == "not-permitted"
    taken = Event.objects.get(name="evidence.person_copy.exported")
    assert taken.actor_id == str(team.person.pk)
    assert Event.objects.get(name="evidence.person_copy.refused").actor_id == str(team.auditor.pk)


def test_the_page_lists_states_copies_and_the_way_to_the_public_status(tmp_path: Path) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.voice_ready(team)
    consent = consent_grant(user=team.person, trait=likeness, terms=people.terms())
    production = released(team, consent, tmp_path)
    page = Client()
    page.force_login(team.person)

    before = page.get("/my-data").content.decode()
    release_deliver(user=team.approver, production_id=production.pk)
    after = page.get("/my-data").content.decode()
    copy = page.get("/my-data/copy")

    assert "Nobody has received a copy." in before
    assert f"/status/{production.asset_id}" in after
    assert "Approver" in after
    assert f"/consents/{consent.pk}" in after
    assert copy.json()["format"] == "rakkan-person-copy/1"
    assert "attachment" in copy["Content-Disposition"]

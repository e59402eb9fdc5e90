"""What a person allowed, in versions: a receipt a stranger can check, and narrowing in one act."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone

from compliance.__main__ import main
from compliance.permit import MeasureResult, Verdict
from compliance.receipt.reader import read_record
from rakkan.audit.models import Event
from rakkan.consents.models import Consent, Supersession
from rakkan.consents.selectors import consent_state
from rakkan.consents.services import consent_grant
from rakkan.core.errors import Refused
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.withdraw import withdraw
from tests.integration import clips, people
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db

WIDE = {
    "purposes": ["product_briefing", "marketing"],
    "channels": ["intranet", "website"],
    "territories": ["JP", "EU"],
    "languages": ["en", "ja"],
    "permitted_changes": ["expression", "background"],
}
LATE = datetime.now(UTC) + timedelta(days=365)


def granted(team: people.Team, **changes: Any) -> Consent:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    terms = people.terms(**{**WIDE, "valid_until": LATE, **changes})
    people.voice_ready(team)
    return consent_grant(user=team.person, trait=likeness, terms=terms)


def narrower(consent: Consent, **changes: Any) -> Any:
    """The consent's own terms from now on, with changes."""
    values: dict[str, Any] = {name: getattr(consent, name) for name in WIDE}
    values |= {"valid_from": datetime.now(UTC), "valid_until": consent.valid_until}
    return people.terms(**values | changes)


def queued(team: people.Team, consent: Consent, **changes: Any) -> Production:
    draft = people.draft_make(team, consent.likeness, **changes)
    return people.approve(team.approver, people.submit(team.requester, draft))


def released(team: people.Team, consent: Consent, folder: Path, **changes: Any) -> Production:
    draft = production_create(
        user=team.requester,
        cast=people.cast_of(team, consent.likeness),
        draft=people.draft(**changes),
        voice=people.voice_file(),
    )
    people.measured(draft.pk, MeasureResult(Verdict.USABLE, (), {"seconds": clips.SECONDS}))
    draft.refresh_from_db()
    production = people.approve(team.approver, people.submit(team.requester, draft))
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    data = clips.marked_clip(folder, production.asset_id)
    result = render_result(data)
    assert worker.upload(result["sha256"], data).status_code == 201
    assert worker.result(result).status_code == 200
    people.lips_measured(production)
    production_finish(production.pk)
    return state_of(production)


def state_of(production: Production) -> Production:
    found = Production.objects.get(pk=production.pk)
    return found


def status(production: Production) -> tuple[str, str]:
    answer = Client().get(f"/status/{production.asset_id}").json()
    return answer["status"], answer["consent"]


def test_the_person_downloads_a_receipt_that_a_stranger_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = people.team_make()
    consent = granted(team)
    page = Client()
    page.force_login(team.person)
    api = people.signed_in(team.person)
    path = tmp_path / "receipt.json"

    for body in (
        page.get(f"/consents/{consent.pk}/receipt").content,
        api.get(f"/api/v1/consents/{consent.pk}").content,
    ):
        path.write_bytes(body)
        status = main(["receipt", "verify", str(path), "--trust", str(settings.RAKKAN_TRUST)])
        assert status == 0, capsys.readouterr().out


def test_record_and_row_say_the_same() -> None:
    team = people.team_make()
    consent = granted(team)

    terms = read_record(consent.record)

    for name in WIDE:
        assert list(getattr(terms, name)) == getattr(consent, name)
    assert (terms.starts, terms.ends) == (consent.valid_from, consent.valid_until)
    assert terms.identity["method"] == "reviewed-evidence"
    assert team.person.name not in json.dumps(consent.record)  # a pseudonym, no name
    assert team.person.email not in json.dumps(consent.record)


def test_narrowing_is_a_new_record_and_the_old_one_stays_as_it_was() -> None:
    team = people.team_make()
    consent = granted(team)
    before = Consent.objects.filter(pk=consent.pk).values().get()

    answer = people.signed_in(team.person).post(
        f"/api/v1/consents/{consent.pk}/narrow",
        {"purposes": ["product_briefing"], "permitted_changes": []},
        format="json",
    )

    assert answer.status_code == 201, answer.json()
    successor = Consent.objects.get(pk=answer.json()["id"])
    assert successor.purposes == ["product_briefing"]
    assert successor.permitted_changes == []
    assert successor.channels == consent.channels
    assert read_record(successor.record).supersedes == str(consent.pk)
    assert Consent.objects.filter(pk=consent.pk).values().get() == before
    assert consent_state(consent).value == "superseded"
    assert consent_state(consent, consent.granted_at).value == "live"
    assert consent_state(successor).value == "live"
    event = Event.objects.get(object_id=str(consent.pk), name="consents.consent.narrowed")
    assert event.data["successor"] == str(successor.pk)


def test_narrowing_counts_though_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    team, later = people.team_make(), timezone.now() + timedelta(minutes=10)
    likeness = people.likeness_make(team)
    people.identity_make(team)
    terms = people.terms(**WIDE, valid_until=LATE)
    with monkeypatch.context() as ahead:
        ahead.setattr(timezone, "now", lambda: later)
        consent = consent_grant(user=team.person, trait=likeness, terms=terms)

    terms = narrower(consent, purposes=["product_briefing"])
    successor = narrow(user=team.person, consent_id=consent.pk, terms=terms)

    assert successor.granted_at > consent.granted_at
    assert consent_state(consent).value == "superseded"


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": ["product_briefing", "recruitment"]},
        {"channels": ["intranet", "broadcast"]},
        {"territories": ["WORLD"]},
        {"languages": ["en", "de"]},
        {"permitted_changes": ["clothing"]},
        {"valid_until": LATE + timedelta(days=1)},
        {"valid_from": datetime.now(UTC) - timedelta(days=9)},
        {"ai_label": "Not made with AI"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_can_be_added_on_the_way(changes: dict[str, Any]) -> None:
    team = people.team_make()
    consent = granted(team)

    with pytest.raises(Refused) as caught:
        narrow(user=team.person, consent_id=consent.pk, terms=narrower(consent, **changes))

    assert caught.value.code == "consent-not-narrower"
    assert consent_state(consent).value == "live"
    refusal = Event.objects.get(object_id=str(consent.pk), name="consents.consent.refused")
    assert refusal.data["code"] == "consent-not-narrower"


def test_worldwide_can_be_narrowed_to_a_territory() -> None:
    team = people.team_make()
    consent = granted(team, territories=["WORLD"])

    successor = narrow(
        user=team.person, consent_id=consent.pk, terms=narrower(consent, territories=["JP"])
    )

    assert successor.territories == ["JP"]


def test_taking_nothing_away_or_narrowing_what_has_ended_is_refused() -> None:
    team = people.team_make()
    consent = granted(team)
    fewer = narrower(consent, languages=["en"])

    with pytest.raises(Refused) as same:
        narrow(user=team.person, consent_id=consent.pk, terms=narrower(consent))
    narrow(user=team.person, consent_id=consent.pk, terms=fewer)
    with pytest.raises(Refused) as ended:
        narrow(user=team.person, consent_id=consent.pk, terms=fewer)

    assert (same.value.code, ended.value.code) == ("consent-unchanged", "consent-ended")


def test_nobody_else_narrows_a_consent() -> None:
    team = people.team_make()
    consent = granted(team)
    terms = narrower(consent, languages=["en"])

    for user in (team.requester, team.approver, team.auditor):
        with pytest.raises(Refused) as caught:
            narrow(user=user, consent_id=consent.pk, terms=terms)
        assert caught.value.code == "not-the-depicted-person"
    assert not Supersession.objects.exists()


def test_what_is_not_released_stops_and_its_worker_gets_nothing() -> None:
    team = people.team_make()
    consent = granted(team)
    waiting, rendering = queued(team, consent), queued(team, consent)
    worker = people.render_worker(rendering)
    assert worker.claim().status_code == 200

    narrow(user=team.person, consent_id=consent.pk, terms=narrower(consent, languages=["en"]))

    for production in (waiting, rendering):
        found = state_of(production)
        assert (found.state, found.problem["code"]) == ("stopped", "consent-superseded")
    assert people.render_worker(waiting).claim().json()["code"] == "job-not-claimable"
    assert worker.heartbeat().json()["code"] == "lease-lost"


def test_the_next_request_falls_under_the_narrower_consent() -> None:
    team = people.team_make()
    consent = granted(team)
    successor = narrow(
        user=team.person, consent_id=consent.pk, terms=narrower(consent, languages=["en"])
    )
    inside = people.draft_make(team, consent.likeness)
    outside = people.draft_make(team, consent.likeness, language="ja")

    submitted = people.submit(team.requester, inside)
    with pytest.raises(Refused) as caught:
        people.submit(team.requester, outside)

    assert submitted.consent == successor
    assert caught.value.code == "consent-out-of-scope"


def test_a_covered_release_stays_and_follows_the_consent_that_replaced_its_own(
    tmp_path: Path,
) -> None:
    team = people.team_make()
    consent = granted(team)
    production = released(team, consent, tmp_path)

    second = narrow(
        user=team.person, consent_id=consent.pk, terms=narrower(consent, languages=["en"])
    )
    third = narrow(
        user=team.person, consent_id=second.pk, terms=narrower(second, territories=["JP"])
    )

    assert state_of(production).state == "released"
    assert status(production) == ("released", "live")
    release_deliver(user=team.requester, production_id=production.pk)

    withdraw(user=team.person, consent_id=third.pk)

    assert state_of(production).state == "revoked"
    assert status(production) == ("revoked", "withdrawn")


@pytest.mark.parametrize(
    "changes",
    [{"purposes": ["marketing"]}, {"permitted_changes": ["expression"]}],
    ids=["out of scope", "changed as it may no longer be"],
)
def test_a_release_that_is_not_covered_any_more_is_revoked(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    team = people.team_make()
    consent = granted(team)
    production = released(team, consent, tmp_path)

    narrow(user=team.person, consent_id=consent.pk, terms=narrower(consent, **changes))

    assert state_of(production).problem["code"] == "consent-superseded"
    assert status(production)[0] == "revoked"
    with pytest.raises(Refused):
        release_deliver(user=team.requester, production_id=production.pk)


def test_the_database_takes_no_second_or_foreign_successor() -> None:
    team = people.team_make()
    consent, stranger = granted(team), granted(people.team_make())
    successor = narrow(
        user=team.person, consent_id=consent.pk, terms=narrower(consent, languages=["en"])
    )
    now = datetime.now(UTC)

    for old, new in ((consent, stranger), (successor, stranger), (successor, consent)):
        with pytest.raises(Error), transaction.atomic():
            Supersession.objects.create(consent=old, successor=new, superseded_at=now)
    with pytest.raises(Error), transaction.atomic():
        Supersession.objects.all().delete()


def test_the_form_offers_only_what_is_allowed_and_narrows_with_one_click() -> None:
    team = people.team_make()
    consent = granted(team)
    page = Client()
    page.force_login(team.person)

    form = page.get(f"/consents/{consent.pk}/narrow")
    answer = page.post(
        f"/consents/{consent.pk}/narrow",
        {
            "purposes": ["marketing"],
            "channels": consent.channels,
            "territories": consent.territories,
            "languages": consent.languages,
            "valid_until": consent.valid_until.date().isoformat(),
        },
    )

    assert b'value="marketing"' in form.content
    assert b'value="recruitment"' not in form.content
    successor = Supersession.objects.get(consent=consent).successor
    assert answer.status_code == 302
    assert answer["Location"] == f"/consents/{successor.pk}"
    assert successor.purposes == ["marketing"]
    assert successor.permitted_changes == []
    assert successor.valid_until == consent.valid_until
    old = page.get(f"/consents/{consent.pk}").content.decode()
    assert "Replaced by a narrower one" in old
    assert f"/consents/{consent.pk}/withdraw" not in old

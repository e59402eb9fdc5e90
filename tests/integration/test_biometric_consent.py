"""Consent to biometric matching: explicit, apart from any other, before any comparison."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from compliance.__main__ import main
from rakkan.audit.models import Event
from rakkan.core.errors import Refused
from rakkan.identity.models import BiometricConsent, IdentityCheck
from rakkan.identity.providers import PROVIDERS, ReviewedEvidence
from rakkan.identity.selectors import check_biometric_consent
from rakkan.identity.services import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    identity_submit,
)
from rakkan.likenesses.services import person_ensure
from tests.integration import people

pytestmark = pytest.mark.django_db
COMPARING = "compares-faces"  # registered by the tests as a method that matches biometrics


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, COMPARING, ReviewedEvidence(name=COMPARING, compares=True))


def refused_code(team: people.Team, method: str) -> str:
    with pytest.raises(Refused) as caught:
        identity_submit(user=team.person, evidence=people.portrait_file(), method=method)
    return caught.value.code


@pytest.mark.usefixtures("comparing")
def test_no_comparison_without_it_whatever_else_was_consented_to() -> None:
    team = people.team_make()
    people.identity_make(team)
    people.consent_make(team, people.likeness_make(team))
    before = IdentityCheck.objects.count()

    assert refused_code(team, COMPARING) == "biometric-consent-missing"
    assert IdentityCheck.objects.count() == before
    refusal = Event.objects.filter(name="identity.check.refused").latest("occurred_at")
    assert refusal.data["code"] == "biometric-consent-missing"


@pytest.mark.usefixtures("comparing")
def test_with_it_the_check_is_made_and_after_withdrawal_no_other_one() -> None:
    team = people.team_make()
    first = biometric_consent_grant(user=team.person, agreed=True)
    biometric_consent_grant(user=team.person, agreed=True)

    check = identity_submit(user=team.person, evidence=people.portrait_file(), method=COMPARING)
    biometric_consent_withdraw(user=team.person, consent_id=first.pk)

    assert check.method == COMPARING
    assert refused_code(team, COMPARING) == "biometric-consent-missing"


@pytest.mark.usefixtures("comparing")
def test_somebody_elses_is_none() -> None:
    team = people.team_make()
    biometric_consent_grant(user=people.team_make().person, agreed=True)

    assert refused_code(team, COMPARING) == "biometric-consent-missing"


def test_a_reviewer_with_evidence_needs_none_and_an_unknown_method_is_none() -> None:
    team = people.team_make()

    people.identity_make(team)

    assert refused_code(team, "palm-reading") == "method-unknown"
    assert not BiometricConsent.objects.exists()


def test_it_ends_with_its_term(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)
    person = person_ensure(user=team.person)

    assert check_biometric_consent(person) == consent
    later: datetime = consent.valid_until + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    with pytest.raises(Refused):
        check_biometric_consent(person)


def test_the_date_to_destroy_by_is_a_setting_and_three_years_by_default(
    settings: Settings,
) -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)
    settings.RAKKAN_BIOMETRIC_DAYS = 10
    shorter = biometric_consent_grant(user=team.person, agreed=True)

    assert consent.destroy_by - consent.granted_at == timedelta(days=3 * 365)
    assert shorter.destroy_by - shorter.granted_at == timedelta(days=10)


def test_over_the_api_it_is_explicit_listed_receipted_and_withdrawn(tmp_path: Path) -> None:
    team = people.team_make()
    client = people.signed_in(team.person)
    url = "/api/v1/biometric-consents"

    assert client.post(url, {"agreed": False}).json()["code"] == "biometric-consent-not-explicit"
    assert client.post(url, {}).status_code == 400
    given = client.post(url, {"agreed": True}).json()
    path = tmp_path / "receipt.jws"
    path.write_text(given["receipt"])
    assert main(["receipt", "verify", str(path), "--trust", str(settings.RAKKAN_TRUST)]) == 0
    listed = client.get(url).json()["results"]
    assert [row["state"] for row in listed] == ["live"]
    assert people.signed_in(team.requester).get(url).json()["results"] == []
    withdrawn = client.post(f"{url}/{given['id']}/withdraw")
    assert withdrawn.json()["state"] == "withdrawn"
    names = Event.objects.filter(object_id=given["id"]).values_list("name", flat=True)
    assert sorted(names) == [
        "identity.biometric_consent.granted",
        "identity.biometric_consent.withdrawn",
    ]


def test_nobody_gives_or_withdraws_it_for_somebody_else() -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)

    with pytest.raises(Refused):
        biometric_consent_grant(user=team.requester, agreed=True)
    with pytest.raises(Refused):
        biometric_consent_withdraw(user=people.team_make().person, consent_id=consent.pk)
    assert check_biometric_consent(person_ensure(user=team.person)) == consent


def test_the_database_keeps_it_as_it_was_given() -> None:
    team = people.team_make()
    consent = biometric_consent_grant(user=team.person, agreed=True)
    rows = BiometricConsent.objects.filter(pk=consent.pk)

    for act in (
        lambda: rows.update(destroy_by=consent.destroy_by + timedelta(days=1)),
        rows.delete,
    ):
        with pytest.raises(Error), transaction.atomic():
            act()


def test_the_page_gives_it_with_one_box_and_withdraws_with_one_click() -> None:
    team = people.team_make()
    page = Client()
    page.force_login(team.person)

    assert page.post("/identity/biometric-consent", {}).status_code == 400
    assert page.post("/identity/biometric-consent", {"agreed": "on"}).status_code == 302
    consent = BiometricConsent.objects.get()
    listed = page.get("/identity").content.decode()
    assert f"/identity/biometric-consent/{consent.pk}/receipt" in listed
    receipt = page.get(f"/identity/biometric-consent/{consent.pk}/receipt").json()
    assert receipt["receipt"] == consent.receipt
    assert page.post(f"/identity/biometric-consent/{consent.pk}/withdraw").status_code == 302
    assert (
        f"/identity/biometric-consent/{consent.pk}/withdraw"
        not in page.get("/identity").content.decode()
    )

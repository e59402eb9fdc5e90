"""Identity by OpenID Connect for Identity Assurance: a real provider, which lies on demand."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from rakkan.config.providers import providers_of
from rakkan.core.errors import RakkanError
from rakkan.identity.assurance import years_old
from rakkan.identity.models import (
    AssuranceAnswer,
    AssuranceRequest,
    IdentityCheck,
    IdentityDecision,
)
from rakkan.identity.providers import VERIFIED_CLAIMS
from rakkan.identity.selectors import identity_decision
from rakkan.identity.services import identity_decide, identity_submit
from rakkan.lifecycle.services import erasure_ask, erasure_carry_out
from rakkan.lifecycle.services.retention import retention_report
from rakkan.likenesses.classes import MAJORITY_YEARS
from tests.integration import oidc_provider, people
from tests.integration.oidc_provider import OidcProvider
from tests.integration.test_federation import path_of

pytestmark = pytest.mark.django_db
START, ANSWER = "/identity/provider/proof", "/identity/provider/proof/answer"
NAME = {"given_name": "Dana", "family_name": "Unmistakable", "birthdate": "1988-02-29"}


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


def configure(
    settings: Settings, folder: Path, team: people.Team, oidc: OidcProvider, **changes: str
) -> None:
    (folder / "secret").write_text(oidc.client_secret)
    values = {
        "kind": '"identity"',
        "name": '"Proof of identity"',
        "organisation": f'"{team.organisation.pk}"',
        "server": f'"{oidc.url}"',
        "client_id": f'"{oidc.client_id}"',
        "client_secret_file": f'"{folder}/secret"',
        "claims_in": '"id_token"',
        "verified_within_days": "365",
        "frameworks": '{ eidas = ["substantial", "high"], jp_aml = ["any"] }',
    }
    lines = [f"{name} = {value}" for name, value in (values | changes).items()]
    file = folder / "providers.toml"
    file.write_text("\n".join(["[proof]", *lines]))
    settings.RAKKAN_PROVIDERS, settings.SOCIALACCOUNT_PROVIDERS = providers_of(str(file))


@pytest.fixture
def oidc(team: people.Team, settings: Settings, tmp_path: Path) -> Iterator[OidcProvider]:
    with oidc_provider.running() as provider:
        configure(settings, tmp_path, team, provider)
        yield provider


def browser(user: User) -> Client:
    client = Client(headers={"host": "testserver"})
    client.force_login(user)
    return client


def asked(client: Client) -> str:
    """Start a check; return the provider's address that the browser is sent to."""
    answer = client.post(START)
    assert answer.status_code == 200, answer.content.decode()
    found = re.search(r'content="0; url=([^"]+)"', answer.content.decode())
    assert found is not None
    return html.unescape(found[1])


def said(**changes: Any) -> dict[str, Any]:
    """Verified claims, changed by the path of a member: ``verification__time=...``."""
    element = oidc_provider.vouched_for(**NAME)
    for path, value in changes.items():
        *steps, last = path.split("__")
        inner = element
        for step in steps:
            inner = inner[step]
        inner[last] = value
    return element


def through(oidc: OidcProvider, client: Client, **claims: Any) -> Any:
    """Go to the provider and come back with what it says."""
    oidc.claims = {"sub": "1", "verified_claims": said()} | claims
    return client.get(path_of(oidc.allow(asked(client))))


def refused_with(answer: Any, code: str) -> None:
    """The answer says so, the log too, and nothing was stored."""
    assert answer.status_code >= 400, answer.content.decode()
    assert not IdentityCheck.objects.exists()
    assert not AssuranceAnswer.objects.exists()
    event = Event.objects.filter(name="identity.check.refused").latest("occurred_at")
    assert event.data == {"provider": "proof", "code": code}


# -- what holds


def test_a_person_is_vouched_for_and_a_reviewer_decides(
    oidc: OidcProvider, team: people.Team
) -> None:
    people.likeness_make(team)
    client = browser(team.person)
    assert "Proof of identity" in client.get("/identity/new").content.decode()
    assert "Proof of identity" in client.get(START).content.decode()

    answer = through(oidc, client)

    check = IdentityCheck.objects.get()
    assert answer["Location"] == f"/identity/{check.pk}"
    assert (check.method, check.submitted_by) == (VERIFIED_CLAIMS, team.person)
    assert identity_decision(check.person) is None, "no provider verifies anybody by itself"
    kept = check.assurance
    assert (kept.issuer, kept.framework, kept.level) == (oidc.url, "eidas", "substantial")
    assert (kept.evidence, kept.claims) == (["document"], NAME)
    names = set(Event.objects.values_list("name", flat=True))
    assert {"identity.assurance.asked", "identity.check.submitted"} <= names

    own = client.get(f"/identity/{check.pk}").content.decode()
    assert "substantial" in own
    assert "Unmistakable" not in own, "each look at what was vouched for is in the log"
    reviewer = browser(team.reviewer)
    assert "Unmistakable" not in reviewer.get(f"/identity/{check.pk}").content.decode()
    page = reviewer.get(f"/identity/{check.pk}/evidence").content.decode()
    assert all(word in page for word in NAME.values())
    assert "/portrait" in page
    assert Event.objects.filter(name="identity.evidence.viewed").count() == 1
    assert reviewer.post(f"/identity/{check.pk}", {"verified": "yes"}).status_code == 302
    assert identity_decision(check.person) is not None


def test_what_is_asked_is_name_and_birthdate_within_what_is_accepted_and_bound_to_the_browser(
    oidc: OidcProvider, team: people.Team
) -> None:
    oidc.allow(asked(browser(team.person)))

    assert oidc.asked["code_challenge_method"] == "S256"
    assert oidc.asked["scope"] == "openid"
    assert len(oidc.asked["nonce"]) >= 32
    assert oidc.asked["redirect_uri"] == f"http://testserver{ANSWER}"
    wanted = json.loads(oidc.asked["claims"])["id_token"]["verified_claims"]
    assert set(wanted["claims"]) == {"given_name", "family_name", "birthdate"}
    verification = wanted["verification"]
    assert verification["trust_framework"] == {"values": ["eidas", "jp_aml"]}
    assert verification["time"] == {"max_age": 365 * 86400}
    assert {one["type"]["value"] for one in verification["evidence"]} >= {"document", "vouch"}
    assert verification["assurance_level"] is None, "one framework knows none"


def test_claims_may_come_with_a_signed_user_info_and_a_client_password_by_header(
    oidc: OidcProvider, team: people.Team, settings: Settings, tmp_path: Path
) -> None:
    frameworks = '{ eidas = ["high"] }'
    configure(settings, tmp_path, team, oidc, claims_in='"userinfo"', frameworks=frameworks)
    oidc.methods, oidc.userinfo_signed = ["client_secret_basic"], True
    vouched = said(verification__assurance_level="high")
    oidc.userinfo = {"sub": "1", "iss": oidc.url, "aud": "rakkan", "verified_claims": vouched}

    assert through(oidc, browser(team.person)).status_code == 302
    wanted = json.loads(oidc.asked["claims"])["userinfo"]["verified_claims"]
    assert wanted["verification"]["assurance_level"] == {"values": ["high"]}

    for change, code in (
        ({"sub": "2"}, "assurance-subject"),
        ({"aud": "another"}, "assurance-audience"),
        ({"iss": "https://elsewhere.example"}, "assurance-issuer"),
    ):
        before = IdentityCheck.objects.count()
        right = oidc.userinfo
        oidc.userinfo = right | change
        assert through(oidc, browser(team.person)).status_code == 409
        oidc.userinfo = right
        assert Event.objects.filter(data__code=code).count() == 1
        assert IdentityCheck.objects.count() == before
    oidc.userinfo_signed = False
    assert through(oidc, browser(team.person)).status_code == 409
    assert Event.objects.filter(data__code="assurance-unsigned").count() == 1


def test_the_first_of_several_verified_claims_that_fits_counts(
    oidc: OidcProvider, team: people.Team
) -> None:
    weak, strong = said(verification__assurance_level="low"), said()
    strong["verification"] |= {"trust_framework": "jp_aml", "assurance_level": None}
    assert through(oidc, browser(team.person), verified_claims=[weak, strong]).status_code == 302
    kept = AssuranceAnswer.objects.get()
    assert (kept.framework, kept.level) == ("jp_aml", "")


# -- what does not


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://elsewhere.example"}, "assurance-issuer"),
        ({"aud": "another client"}, "assurance-audience"),
        ({"aud": ["rakkan", "another client"]}, "assurance-audience"),
        ({"nonce": "of another question"}, "assurance-nonce"),
        ({"exp": 1}, "assurance-stale"),
        ({"iat": 9_999_999_999}, "assurance-stale"),
        ({"verified_claims": None}, "assurance-missing"),
        ({"verified_claims": {"claims": NAME}}, "assurance-missing"),
    ],
)
def test_an_answer_that_is_not_to_this_question_is_refused(
    oidc: OidcProvider, team: people.Team, claims: dict[str, Any], code: str
) -> None:
    refused_with(through(oidc, browser(team.person), **claims), code)


_LONG_AGO = (datetime.now(UTC) - timedelta(days=366)).isoformat()
_TO_COME = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verification__trust_framework": "self"}, "assurance-framework"),
        ({"verification__trust_framework": ["eidas"]}, "assurance-framework"),
        ({"verification__assurance_level": "low"}, "assurance-level"),
        ({"verification__assurance_level": None}, "assurance-level"),
        ({"verification__time": _LONG_AGO}, "assurance-old"),
        ({"verification__time": _TO_COME}, "assurance-old"),
        ({"verification__time": None}, "assurance-undated"),
        ({"verification__time": "2026-01-01T00:00:00"}, "assurance-undated"),
        ({"claims__birthdate": "1988"}, "assurance-incomplete"),
        ({"claims__birthdate": "3000-01-01"}, "assurance-incomplete"),
        ({"claims__family_name": " "}, "assurance-incomplete"),
        ({"claims": None}, "assurance-incomplete"),
    ],
)
def test_a_weaker_older_or_emptier_verification_is_refused(
    oidc: OidcProvider, team: people.Team, changes: dict[str, Any], code: str
) -> None:
    refused_with(through(oidc, browser(team.person), verified_claims=said(**changes)), code)


def test_a_minor_by_date_of_birth_is_led_to_guardianship(
    oidc: OidcProvider, team: people.Team
) -> None:
    today = datetime.now(UTC).date()
    young = said(claims__birthdate=(today - timedelta(days=17 * 366)).isoformat())
    answer = through(oidc, browser(team.person), verified_claims=young)
    refused_with(answer, "assurance-minor")
    assert "guardian" in answer.content.decode()
    assert [years_old("2008-03-01", date(2026, 2, 28)), MAJORITY_YEARS] == [17, 18]
    assert years_old("2008-03-01", date(2026, 3, 1)) == MAJORITY_YEARS
    assert years_old("2008-02-29", date(2026, 3, 1)) == MAJORITY_YEARS
    grown = said(claims__birthdate=(today - timedelta(days=19 * 366)).isoformat())
    assert through(oidc, browser(team.person), verified_claims=grown).status_code == 302


def test_unsigned_answers_are_refused(oidc: OidcProvider, team: people.Team) -> None:
    oidc.signed_by = oidc_provider._key()
    refused_with(through(oidc, browser(team.person)), "assurance-unsigned")
    oidc.signed_by = None
    for oidc.algorithm in ("HS256", "none"):
        refused_with(through(oidc, browser(team.person)), "assurance-unsigned")


def test_an_answer_counts_once_in_the_browser_and_account_that_asked(
    oidc: OidcProvider, team: people.Team
) -> None:
    oidc.claims = {"sub": "1", "verified_claims": said()}
    other = people.user_make(team.organisation, Role.DEPICTED_PERSON)
    client = browser(team.person)
    back = path_of(oidc.allow(asked(client)))

    refused_with(browser(team.person).get(back), "assurance-unknown")  # another browser
    refused_with(browser(other).get(back), "assurance-unknown")  # another account
    mixed = browser(other)
    asked(mixed)
    refused_with(mixed.get(back), "assurance-state")  # somebody else's answer, put under theirs
    refused_with(mixed.get(back), "assurance-unknown")  # their question is used up with that

    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 409
    assert IdentityCheck.objects.count() == 1


def test_a_question_is_over_after_half_an_hour_and_a_refusal_of_the_provider_ends_it(
    oidc: OidcProvider, team: people.Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(team.person)
    state = re.search(r"state=([^&]+)", asked(client))
    assert state is not None
    denied = client.get(ANSWER, {"error": "access_denied", "state": state[1]})
    refused_with(denied, "assurance-denied")

    back = path_of(oidc.allow(asked(client)))
    for passed in (31, -1):  # and by a clock that was set back
        moment = timezone.now() + timedelta(minutes=passed)
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda moment=moment: moment)
            answer = client.get(back)
        refused_with(answer, "assurance-expired")


def test_a_code_that_the_provider_does_not_take_is_refused(
    oidc: OidcProvider, team: people.Team
) -> None:
    client = browser(team.person)
    back = path_of(oidc.allow(asked(client)))
    oidc.codes.clear()
    refused_with(client.get(back), "assurance-code")


def test_a_provider_that_does_not_answer_is_our_fault_and_says_so(
    oidc: OidcProvider, team: people.Team, settings: Settings, tmp_path: Path
) -> None:
    for server in ('"http://127.0.0.1:9"', f'"{oidc.url}/elsewhere"'):
        configure(settings, tmp_path, team, oidc, server=server)
        assert browser(team.person).post(START).status_code == 503
    assert not AssuranceRequest.objects.exists()


def test_it_is_for_the_depicted_persons_of_the_providers_own_organisation(
    oidc: OidcProvider, team: people.Team
) -> None:
    stranger = people.team_make().person
    assert browser(stranger).get(START).status_code == 404
    assert browser(stranger).post(START).status_code == 404
    assert "Proof of identity" not in browser(stranger).get("/identity/new").content.decode()
    assert browser(team.requester).post(START).status_code == 403
    assert not AssuranceRequest.objects.exists()


def test_a_provider_of_identities_signs_nobody_in(oidc: OidcProvider, team: people.Team) -> None:
    client = Client(headers={"host": "testserver"})
    for path in ("/sign-in/with/proof", "/sign-in/with/proof/refused", "/sign-in/with/proof/oidc"):
        assert client.get(path).status_code == 404, path
    assert client.post("/sign-in/with/proof").status_code == 404


def test_without_an_answer_there_is_nothing_to_hand_in_for_oneself_or_another(
    team: people.Team,
) -> None:
    represented = people.represented_make(team).person
    with pytest.raises(RakkanError) as caught:
        identity_submit(user=team.person, evidence=None, method=VERIFIED_CLAIMS)
    assert caught.value.code == "assurance-missing"
    with pytest.raises(RakkanError) as caught:
        identity_submit(
            user=team.person, evidence=None, method=VERIFIED_CLAIMS, person_id=represented.pk
        )
    assert caught.value.code == "check-not-own"


# -- what the database holds to


def refuses(statement: str, *values: object) -> str:
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(caught.value)


def test_the_database_refuses_answers_to_no_question_of_the_person_and_decisions_without_one(
    oidc: OidcProvider, team: people.Team
) -> None:
    through(oidc, browser(team.person))
    kept = AssuranceAnswer.objects.get()
    other = people.user_make(team.organisation, Role.DEPICTED_PERSON)
    theirs = identity_submit(user=other, evidence=people.portrait_file())
    columns = [field.column for field in AssuranceAnswer._meta.concrete_fields]
    changed = {"id": "gen_random_uuid()", "check_made_id": "%s"}
    copied = ", ".join(changed.get(column, column) for column in columns)
    insert = (
        f"INSERT INTO identity_assuranceanswer ({', '.join(columns)})"  # noqa: S608
        f" SELECT {copied} FROM identity_assuranceanswer"
    )
    assert "no open question" in refuses(insert, theirs.pk)
    assert "duplicate" in refuses(insert, kept.check_made_id)

    bare = IdentityCheck.objects.create(
        person=kept.check_made.person,
        method=VERIFIED_CLAIMS,
        evidence_sha256=hashlib.sha256(b"nothing").hexdigest(),
        evidence_media_type="application/jwt",
        submitted_by=team.person,
    )
    with pytest.raises(RakkanError) as caught:
        identity_decide(user=team.reviewer, check_id=bare.pk, verified=True)
    assert caught.value.code == "assurance-missing"
    with pytest.raises(Error, match="what a provider has answered"), transaction.atomic():
        IdentityDecision.objects.create(
            check_made=bare,
            submitted_by=team.person,
            reviewer=team.reviewer,
            verified=True,
            decided_at=timezone.now(),
            valid_until=timezone.now() + timedelta(days=1),
        )


# -- how it ends


def test_an_erasure_makes_name_and_birthdate_unreadable_and_the_copy_holds_them_before(
    oidc: OidcProvider, team: people.Team
) -> None:
    through(oidc, browser(team.person))
    check = IdentityCheck.objects.get()
    identity_decide(user=team.reviewer, check_id=check.pk, verified=True)
    copy = people.signed_in(team.person).get("/api/v1/me/data").json()
    assert copy["identity_checks"][0]["verified_claims"]["claims"] == NAME
    listed = people.signed_in(team.reviewer).get("/api/v1/identity-checks").json()
    (row,) = listed["results"]
    assert row["assurance"]["assurance_level"] == "substantial"
    assert "Unmistakable" not in json.dumps(row)
    raw = "SELECT encode(claims, 'escape') FROM identity_assuranceanswer"
    with connection.cursor() as cursor:
        cursor.execute(raw)
        assert "Unmistakable" not in cursor.fetchone()[0]
    assert not [due for due in retention_report() if due.object_id == check.pk]

    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)

    page = browser(team.reviewer).get(f"/identity/{check.pk}/evidence").content.decode()
    assert "Unmistakable" not in page
    assert "It was erased." in page


# -- the operator's file


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"frameworks": "{}"}, "at least one trust framework"),
        ({"frameworks": "{ eidas = [] }"}, "at least one trust framework"),
        ({"frameworks": '{ eidas = "high" }'}, "at least one trust framework"),
        ({"frameworks": '{ eidas = ["any", "high"] }'}, "at least one trust framework"),
        ({"verified_within_days": "0"}, "number of days"),
        ({"verified_within_days": '"a year"'}, "number of days"),
        ({"claims_in": '"somewhere"'}, "id_token, userinfo"),
        ({"extra": '"x"'}, "takes exactly"),
        ({"client_secret_file": '"/nowhere"'}, "cannot be read"),
    ],
)
def test_a_file_that_would_believe_anything_stops_the_start(
    oidc: OidcProvider,
    team: people.Team,
    settings: Settings,
    tmp_path: Path,
    changes: dict[str, str],
    told: str,
) -> None:
    with pytest.raises(ImproperlyConfigured, match=told):
        configure(settings, tmp_path, team, oidc, **changes)

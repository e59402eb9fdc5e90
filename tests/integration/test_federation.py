"""Sign-in through an organisation's provider: into its own accounts, and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import user_deactivate
from rakkan.audit.models import Event
from rakkan.config.providers import providers_of
from tests.integration import oidc_provider, people
from tests.integration.oidc_provider import OidcProvider
from tests.integration.saml_provider import SamlProvider

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def oidc(team: people.Team, settings: Settings, tmp_path: Path) -> Iterator[OidcProvider]:
    with oidc_provider.running() as provider:
        secret = tmp_path / "secret"
        secret.write_text(provider.client_secret)
        _configure(settings, tmp_path, f"""
            [acme]
            kind = "oidc"
            name = "Acme sign-in"
            organisation = "{team.organisation.pk}"
            server = "{provider.url}"
            client_id = "{provider.client_id}"
            client_secret_file = "{secret}"
            """)  # fmt: skip
        yield provider


@pytest.fixture
def saml(team: people.Team, settings: Settings, tmp_path: Path) -> SamlProvider:
    provider = SamlProvider()
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(provider.certificate)
    _configure(settings, tmp_path, f"""
        [acme]
        kind = "saml"
        name = "Acme sign-in"
        organisation = "{team.organisation.pk}"
        entity_id = "{provider.entity_id}"
        sso_url = "{provider.sso_url}"
        certificate_file = "{certificate}"
        """)  # fmt: skip
    return provider


def _configure(settings: Settings, folder: Path, text: str) -> None:
    file = folder / "providers.toml"
    file.write_text(text)
    settings.RAKKAN_PROVIDERS, settings.SOCIALACCOUNT_PROVIDERS = providers_of(str(file))


def browser() -> Client:
    """A browser that names the host it asks, as all do."""
    return Client(headers={"host": "testserver"})


def asked(client: Client) -> str:
    """Start a sign-in; return the provider's address that the browser is sent to."""
    answer = client.post("/sign-in/with/acme")
    assert answer.status_code == 200, answer.content
    found = re.search(r'content="0; url=([^"]+)"', answer.content.decode())
    assert found is not None
    return html.unescape(found[1])


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def is_in(client: Client) -> bool:
    return client.get("/productions").status_code == 200


# -- OpenID Connect


def through_oidc(oidc: OidcProvider, **claims: Any) -> tuple[Client, str]:
    """Sign in as somebody of whom the provider says this; return where that leads."""
    client, oidc.claims = browser(), claims
    answer = client.get(path_of(oidc.allow(asked(client))))
    return client, answer["Location"]


def person(user: User, subject: str = "1") -> dict[str, Any]:
    return {"sub": subject, "email": user.email, "email_verified": True}


def test_a_verified_address_opens_the_account_once_and_the_subject_from_then_on(
    oidc: OidcProvider, team: people.Team
) -> None:
    client, target = through_oidc(oidc, **person(team.requester))
    assert (target, is_in(client)) == ("/", True)
    tied = SocialAccount.objects.get()
    assert (tied.user, tied.provider, tied.uid, tied.extra_data) == (
        team.requester,
        "acme",
        "1",
        {},
    )
    assert Event.objects.get(name="accounts.provider.tied").data["provider"] == "acme"

    client, _ = through_oidc(oidc, sub="1", email="married@elsewhere.example", email_verified=True)
    assert is_in(client)
    assert Event.objects.filter(name="accounts.session.started").count() == 2


def test_an_address_may_come_with_the_user_info_of_the_same_subject(
    oidc: OidcProvider, team: people.Team
) -> None:
    oidc.userinfo = person(team.requester)
    assert is_in(through_oidc(oidc, sub="1")[0])
    oidc.userinfo = person(team.auditor, subject="2")
    assert through_oidc(oidc, sub="3")[1] == "/sign-in/with/acme/refused"


def test_a_provider_replaces_the_password_not_the_second_factor(
    oidc: OidcProvider, team: people.Team
) -> None:
    client, target = through_oidc(oidc, **person(team.approver))
    assert (target, is_in(client)) == ("/sign-in/code", False)
    assert client.post("/sign-in/code", {"code": people.code_of(team.approver)})["Location"] == "/"
    assert is_in(client)


def test_whoever_has_no_account_in_the_organisation_gets_none(
    oidc: OidcProvider, team: people.Team
) -> None:
    stranger = people.team_make().requester  # of another organisation
    closed = people.user_make(team.organisation, Role.REQUESTER)
    user_deactivate(user=people.administrator_of(team), member_id=closed.pk)
    before = User.objects.count()

    for claims in (
        {"sub": "1", "email": "nobody@test.example", "email_verified": True},
        person(stranger),
        person(closed),
        {**person(team.requester), "email_verified": False},
        {"sub": "1", "email": team.requester.email},
        {"sub": "1"},
    ):
        oidc.userinfo = {"sub": "1"}
        client, target = through_oidc(oidc, **claims)
        assert target == "/sign-in/with/acme/refused", claims
        assert "refused" in client.get(target).content.decode()
        assert not is_in(client)
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()
    assert Event.objects.filter(name="accounts.session.refused").count() == 6


def test_a_person_who_left_the_organisation_or_an_address_given_to_another_opens_nothing(
    oidc: OidcProvider, team: people.Team
) -> None:
    through_oidc(oidc, **person(team.requester))
    assert not is_in(through_oidc(oidc, **person(team.requester, subject="another"))[0])
    user_deactivate(user=people.administrator_of(team), member_id=team.requester.pk)
    assert not is_in(through_oidc(oidc, **person(team.requester))[0])


def test_forged_tokens_are_refused(oidc: OidcProvider, team: people.Team) -> None:
    right = person(team.requester)
    for claims in (
        {**right, "aud": "another client"},
        {**right, "iss": "https://elsewhere.example"},
        {**right, "exp": 1},
    ):
        assert through_oidc(oidc, **claims)[1] == "/sign-in/with/acme/refused", claims
    oidc.signed_by = oidc_provider._key()
    assert through_oidc(oidc, **right)[1] == "/sign-in/with/acme/refused"
    oidc.signed_by = None
    for oidc.algorithm in ("HS256", "none"):
        assert through_oidc(oidc, **right)[1] == "/sign-in/with/acme/refused"
    assert not SocialAccount.objects.exists()


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    oidc: OidcProvider, team: people.Team
) -> None:
    client, oidc.claims = browser(), person(team.requester)
    answer = path_of(oidc.allow(asked(client)))

    assert browser().get(answer)["Location"] == "/sign-in/with/acme/refused"
    assert client.get(answer)["Location"] == "/"
    client.post("/sign-out")
    assert client.get(answer)["Location"] == "/sign-in/with/acme/refused"
    assert not is_in(client)


def test_a_token_with_an_id_is_taken_once(oidc: OidcProvider, team: people.Team) -> None:
    claims = {**person(team.requester), "jti": "one"}
    assert through_oidc(oidc, **claims)[1] == "/"
    assert through_oidc(oidc, **claims)[1] == "/sign-in/with/acme/refused"


# -- SAML


def through_saml(saml: SamlProvider, **said: Any) -> tuple[Client, str]:
    client = browser()
    response = saml.answer(asked(client), **said)
    return client, hand_in(client, response)


def hand_in(client: Client, response: str) -> str:
    answer = client.post("/sign-in/with/acme/saml", {"SAMLResponse": response})
    assert answer["Location"] == "/sign-in/with/acme/saml/finish"
    return str(client.get(answer["Location"])["Location"])


def test_a_signed_assertion_opens_the_account_and_the_subject_does_from_then_on(
    saml: SamlProvider, team: people.Team
) -> None:
    client, target = through_saml(saml, subject="one", email=team.requester.email)
    assert (target, is_in(client)) == ("/", True)
    assert SocialAccount.objects.get().uid == "one"
    client, _ = through_saml(saml, subject="one", email="married@elsewhere.example")
    assert is_in(client)


def test_saml_opens_no_account_of_another_organisation_and_makes_none(
    saml: SamlProvider, team: people.Team
) -> None:
    before = User.objects.count()
    for email in (people.team_make().requester.email, "nobody@test.example"):
        client, target = through_saml(saml, subject="x", email=email)
        assert target == "/sign-in/with/acme/refused"
        assert not is_in(client)
    assert User.objects.count() == before + 5


def test_forged_assertions_are_refused(saml: SamlProvider, team: people.Team) -> None:
    said = {"subject": "one", "email": team.auditor.email}
    for forged in (
        {"signed": False},
        {"key": SamlProvider().pair[0]},
        {"audience": "https://elsewhere.example"},
        {"recipient": "https://elsewhere.example/acs"},
        {"ends": -400},
        {"touched": {team.auditor.email: team.requester.email}},
    ):
        client, target = through_saml(saml, **said, **forged)
        assert target == "/sign-in/with/acme/refused", forged
        assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_an_assertion_counts_once_and_only_in_the_browser_that_asked(
    saml: SamlProvider, team: people.Team
) -> None:
    client = browser()
    response = saml.answer(asked(client), subject="one", email=team.requester.email)

    assert hand_in(browser(), response) == "/sign-in/with/acme/refused"
    assert hand_in(client, response) == "/"
    client.post("/sign-out")
    assert hand_in(client, response) == "/sign-in/with/acme/refused"
    assert not is_in(client)


def test_the_metadata_names_the_address_that_answers_go_to(saml: SamlProvider) -> None:
    text = browser().get("/sign-in/with/acme/saml/metadata").content.decode()
    assert 'Location="http://testserver/sign-in/with/acme/saml"' in text
    assert 'WantAssertionsSigned="true"' in text


# -- what the operator writes


def test_a_provider_that_is_not_there_is_not_found() -> None:
    for path in ("", "/refused", "/oidc", "/saml/finish", "/saml/metadata", "/saml/sign-out"):
        assert browser().get(f"/sign-in/with/nobody{path}").status_code == 404
    assert browser().post("/sign-in/with/nobody/saml").status_code == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a", "cannot be read"),
        ('[acme]\nkind = "ldap"', "kind"),
        ('[Acme]\nkind = "oidc"', "small letters"),
        ('[acme]\nkind = "oidc"\nname = "x"', "takes exactly"),
        (
            '[acme]\nkind = "oidc"\nname = "x"\norganisation = "Acme"\nserver = "x"\n'
            'client_id = "x"\nclient_secret_file = "/nowhere"',
            "organisation's id",
        ),
        (
            '[acme]\nkind = "oidc"\nname = "x"\nserver = "x"\nclient_id = "x"\n'
            'organisation = "00000000-0000-4000-8000-000000000000"\n'
            'client_secret_file = "/nowhere"',
            "/nowhere",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(ImproperlyConfigured, match=said):
        providers_of(str(file))
    assert providers_of("") == ({}, {})

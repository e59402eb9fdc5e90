"""Signing in: what opens the door, what does not, and that neither tells who has an account."""

from __future__ import annotations

import json
import re
from io import StringIO
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from knox.models import AuthToken
from rest_framework.test import APIClient

from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.roles import STRONG, Role
from rakkan.accounts.services import user_deactivate, user_ensure
from rakkan.audit.models import Event
from tests.integration import people
from tests.integration.passkeys import SoftPasskey

pytestmark = pytest.mark.django_db
LOGIN = "/api/v1/auth/login"


def secure() -> Client:
    """A browser that talks https, as passkeys demand."""
    return Client(headers={"host": "testserver"})


def sign_in(user: User, client: Client | None = None, password: str = people.PASSWORD) -> Any:
    client = client or secure()
    answer = client.post("/sign-in", {"login": user.email, "password": password})
    answer.browser = client
    return answer


def fully_in(user: User) -> Client:
    """A browser of somebody who signed in with all they have."""
    client = sign_in(user).browser
    if Authenticator.objects.filter(user=user, type="totp").exists():
        answer = client.post("/sign-in/code", {"code": people.code_of(user)})
        assert answer.status_code == 302, answer.content
    return client


def bare(role: Role) -> User:
    """An account of this role that has not set up anything yet."""
    organisation = people.team_make().organisation
    return user_ensure(
        organisation=organisation,
        email=f"bare-{role.value}@test.example",
        name="Bare",
        password=people.PASSWORD,
        roles=(role,),
    )


def challenge_of(client: Client, page: str) -> str:
    """The challenge in the options that a page hands to the browser."""
    found = re.search(
        r'id="passkey-options"[^>]*>(.*?)</script>', client.get(page).content.decode()
    )
    assert found is not None
    return str(json.loads(found[1])["publicKey"]["challenge"])


# -- the door


def test_a_password_opens_an_account_without_a_second_factor_and_that_is_in_the_log() -> None:
    user = people.team_make().requester
    answer = sign_in(user)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.browser.get("/productions").status_code == 200
    assert Event.objects.get(name="accounts.session.started").actor_id == str(user.pk)


def test_a_password_alone_does_not_open_an_account_with_a_second_factor() -> None:
    user = people.team_make().approver
    answer = sign_in(user)

    assert answer["Location"] == "/sign-in/code"
    assert answer.browser.get("/approvals")["Location"] == "/sign-in?next=/approvals"
    assert not Event.objects.filter(name="accounts.session.started").exists()
    refused = answer.browser.post("/sign-in/code", {"code": "000000"})
    assert refused.status_code == 401
    assert answer.browser.get("/approvals").status_code == 302
    passed = answer.browser.post("/sign-in/code", {"code": people.code_of(user)})
    assert passed["Location"] == "/"
    assert answer.browser.get("/approvals").status_code == 200
    assert StrongAuthentication.objects.get(user=user).method == "totp"


def test_a_code_used_to_sign_in_does_not_sign_in_elsewhere() -> None:
    user = people.team_make().approver
    code = people.code_of(user)
    first, second = sign_in(user).browser, sign_in(user).browser

    assert first.post("/sign-in/code", {"code": code}).status_code == 302
    assert second.post("/sign-in/code", {"code": code}).status_code == 401
    body = {"email": user.email, "password": people.PASSWORD, "code": code}
    assert APIClient().post(LOGIN, body).json()["code"] == "code-wrong"


def test_a_recovery_code_signs_in_once_and_confirms_nothing() -> None:
    user = people.team_make().approver
    client = fully_in(user)
    client.post("/security/recovery-codes/new")
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    before = StrongAuthentication.objects.filter(user=user).count()

    first, second = sign_in(user).browser, sign_in(user).browser
    assert first.post("/sign-in/code", {"code": codes[0]}).status_code == 302
    assert second.post("/sign-in/code", {"code": codes[0]}).status_code == 401

    assert StrongAuthentication.objects.filter(user=user).count() == before


def test_the_api_asks_for_the_code_too() -> None:
    user = people.team_make().reviewer
    body = {"email": user.email, "password": people.PASSWORD}

    assert APIClient().post(LOGIN, body).json()["code"] == "code-missing"
    assert APIClient().post(LOGIN, {**body, "code": "000000"}).status_code == 403
    assert not AuthToken.objects.filter(user=user).exists()
    answer = APIClient().post(LOGIN, {**body, "code": people.code_of(user)})
    assert answer.status_code == 200


def test_a_refused_sign_in_is_in_the_log_without_what_was_typed() -> None:
    user = people.team_make().requester
    assert sign_in(user, password="secret guess").status_code == 401  # noqa: S106
    body = {"email": "stranger@elsewhere.example", "password": "secret guess"}
    assert APIClient().post(LOGIN, body).status_code == 401

    rows = Event.objects.filter(name="accounts.session.refused")
    assert rows.count() == 2
    for row in rows:
        assert "guess" not in row.canonical
        assert user.email not in row.canonical
        assert "stranger" not in row.canonical
        assert str(user.pk) not in row.canonical


def test_nobody_signs_up() -> None:
    assert get_adapter().is_open_for_signup(None) is False
    for name in ("account_signup", "mfa_signup_webauthn", "account_email", "socialaccount_signup"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


# -- who must have a second factor


@pytest.mark.parametrize("role", sorted(STRONG))
def test_a_role_that_decides_does_nothing_before_it_has_a_second_factor(role: Role) -> None:
    user = bare(role)
    client = fully_in(user)

    for page in ("/", "/productions", "/approvals", "/identity", "/security/sessions"):
        assert client.get(page)["Location"] == "/security", page
    assert "Your role demands a second factor" in client.get("/security").content.decode()
    token = APIClient().post(LOGIN, {"email": user.email, "password": people.PASSWORD})
    api = APIClient(headers={"authorization": f"Token {token.json()['token']}"})
    answer = api.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "second-factor-missing")
    assert answer.json()["remedy"]


def test_other_roles_may_go_without() -> None:
    client = fully_in(bare(Role.REQUESTER))
    assert client.get("/productions").status_code == 200


def test_an_app_is_set_up_with_its_first_code_and_brings_recovery_codes() -> None:
    user = bare(Role.APPROVER)
    client = fully_in(user)
    page = client.get("/security/app").content.decode()
    found = re.search(r'<code class="digest">([A-Z2-7 ]+)</code>', page)
    assert found is not None
    secret = found[1].replace(" ", "")

    assert client.post("/security/app", {"code": "12345"}).status_code == 200
    assert not Authenticator.objects.filter(user=user).exists()
    code = people.totp_code(secret, people.totp_steps_now()[0])
    answer = client.post("/security/app", {"code": code})

    assert answer["Location"] == "/security/recovery-codes"
    assert client.get(answer["Location"]).content.decode().count("<li><code>") == 10
    assert client.get("/approvals").status_code == 200
    assert Event.objects.get(name="accounts.factor.added").data["factor"] == "totp"
    again = sign_in(user).browser
    assert again.post("/sign-in/code", {"code": code}).status_code == 401, "used to set it up"


def test_how_one_signs_in_is_changed_only_after_a_fresh_confirmation() -> None:
    team = people.team_make()
    approver, requester = Client(), Client()
    approver.force_login(team.approver)  # a session of long ago
    requester.force_login(team.requester)

    assert requester.get("/security/app")["Location"] == "/confirm?next=%2Fsecurity%2Fapp"
    answer = approver.post("/security/app/remove")
    assert answer["Location"] == "/confirm?next=%2Fsecurity%2Fapp%2Fremove"
    assert Authenticator.objects.filter(user=team.approver, type="totp").exists()
    given = {"next": "/security/app/remove", "code": people.code_of(team.approver)}
    assert approver.post("/confirm", given)["Location"] == "/security/app/remove"
    assert approver.post("/security/app/remove")["Location"] == "/security"
    assert not Authenticator.objects.filter(user=team.approver).exists()
    assert Event.objects.get(name="accounts.factor.removed").actor_id == str(team.approver.pk)
    assert approver.get("/approvals")["Location"] == "/security", "the role demands another one"

    wrong = {"next": "/security/app", "password": "wrong"}
    assert requester.post("/confirm", wrong).status_code == 403
    right = {"next": "/security/app", "password": people.PASSWORD}
    assert requester.post("/confirm", right)["Location"] == "/security/app"
    assert requester.get("/security/app").status_code == 200


def test_who_has_lost_every_factor_sets_up_a_new_one_and_that_is_in_the_log() -> None:
    user = people.team_make().approver
    api = people.signed_in(user)

    call_command("factors_remove", user.email, stdout=StringIO())

    assert api.get("/api/v1/me").status_code == 401
    assert fully_in(user).get("/approvals")["Location"] == "/security"
    event = Event.objects.get(name="accounts.factor.removed")
    assert (event.actor_id, event.data["factor"]) == ("system:operator", "all")
    with pytest.raises(CommandError, match="no account"):
        call_command("factors_remove", "nobody@test.example")


# -- passkeys, answered by a software authenticator


def passkey_for(user: User) -> tuple[Client, SoftPasskey]:
    """Add a passkey in a browser that is signed in."""
    client, passkey = fully_in(user), SoftPasskey()
    made = passkey.register(
        challenge_of(client, "/security/passkeys/new"), user_pk_to_url_str(user).encode()
    )
    answer = client.post("/security/passkeys/new", {"name": "Key", "credential": json.dumps(made)})
    assert answer.status_code == 302, answer.content
    return client, passkey


def login_challenge(client: Client) -> str:
    answer = client.get("/sign-in/passkey", headers={"accept": "application/json"})
    return str(answer.json()["request_options"]["publicKey"]["challenge"])


def test_a_passkey_is_added_signs_in_alone_and_counts_for_a_decision() -> None:
    user = bare(Role.APPROVER)
    _, passkey = passkey_for(user)
    client = secure()

    answer = client.post(
        "/sign-in/passkey",
        {"credential": json.dumps(passkey.answer(login_challenge(client))), "next": "/approvals"},
    )

    assert answer["Location"] == "/approvals"
    assert client.get("/approvals").status_code == 200
    assert StrongAuthentication.objects.get(user=user).method == "passkey"


def test_a_passkey_confirms_and_each_answer_counts_once() -> None:
    user = bare(Role.APPROVER)
    client, passkey = passkey_for(user)
    said = {"credential": json.dumps(passkey.answer(challenge_of(client, "/confirm")))}

    assert client.post("/confirm", said).status_code == 302
    assert client.post("/confirm", said).status_code == 403
    assert StrongAuthentication.objects.filter(user=user).count() == 1


def test_forged_passkey_answers_are_refused() -> None:
    user = bare(Role.APPROVER)
    client, passkey = passkey_for(user)
    stranger = SoftPasskey(user_handle=passkey.user_handle, id=passkey.id)  # another key
    elsewhere = SoftPasskey("elsewhere.example", passkey.user_handle, passkey.id, passkey.key)
    sleeping = SoftPasskey(user_handle=passkey.user_handle, id=passkey.id, key=passkey.key, flags=1)

    for forged in (stranger, elsewhere, sleeping):
        browser = secure()
        said = forged.answer(login_challenge(browser))
        answer = browser.post("/sign-in/passkey", {"credential": json.dumps(said)})
        assert answer["Location"] == "/sign-in?refused=passkey"
        assert browser.get("/approvals").status_code == 302
        said = forged.answer(challenge_of(client, "/confirm"))
        assert client.post("/confirm", {"credential": json.dumps(said)}).status_code == 403
    browser = secure()
    login_challenge(browser)
    said = passkey.answer("c29tZXRoaW5nIGVsc2U")  # not what was asked
    answer = browser.post("/sign-in/passkey", {"credential": json.dumps(said)})
    assert answer["Location"] == "/sign-in?refused=passkey"
    assert not StrongAuthentication.objects.filter(user=user).exists()


def test_the_passkey_of_a_closed_account_opens_nothing() -> None:
    team = people.team_make()
    _, passkey = passkey_for(team.requester)
    user_deactivate(user=people.administrator_of(team), member_id=team.requester.pk)
    client = secure()

    said = {"credential": json.dumps(passkey.answer(login_challenge(client)))}

    assert client.post("/sign-in/passkey", said)["Location"] == "/sign-in?refused=passkey"


def test_a_passkey_is_removed_by_its_owner_only() -> None:
    team = people.team_make()
    client, _ = passkey_for(team.requester)
    other = fully_in(people.user_make(team.organisation, Role.REQUESTER))
    key = Authenticator.objects.get(user=team.requester, type="webauthn")

    assert other.post(f"/security/passkeys/{key.pk}/remove").status_code == 404
    assert client.post(f"/security/passkeys/{key.pk}/remove")["Location"] == "/security"
    assert not Authenticator.objects.filter(user=team.requester).exists()


# -- passwords


def test_a_changed_password_ends_other_sessions_and_tokens() -> None:
    user = people.team_make().requester
    here, there, api = fully_in(user), fully_in(user), people.signed_in(user)
    new = "a much better passphrase, longer"
    given = {"oldpassword": people.PASSWORD, "password1": new, "password2": new}

    assert here.post("/security/password", given)["Location"] == "/security"

    assert here.get("/productions").status_code == 200
    assert there.get("/productions").status_code == 302
    assert api.get("/api/v1/me").status_code == 401
    assert sign_in(user).status_code == 401
    assert sign_in(user, password=new).status_code == 302
    assert Event.objects.get(name="accounts.password.changed").actor_id == str(user.pk)


def test_a_reset_by_mail_works_once() -> None:
    user = people.team_make().requester
    client = secure()
    assert (
        client.post("/password-reset", {"email": user.email})["Location"] == "/password-reset/sent"
    )
    address = re.search(r"http://testserver(/password-reset/\S+)", mail.outbox[0].body)
    assert address is not None
    new = "a much better passphrase, longer"

    page = client.get(address[1], follow=True)
    form = page.redirect_chain[-1][0]
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(user, password=new).status_code == 302

    again = secure().get(address[1], follow=True).content.decode()
    assert "used already, or is too old" in again


def test_a_reset_does_not_get_around_the_second_factor() -> None:
    user = people.team_make().approver
    client = secure()
    client.post("/password-reset", {"email": user.email})
    address = re.search(r"http://testserver(/password-reset/\S+)", mail.outbox[0].body)
    assert address is not None
    form = client.get(address[1], follow=True).redirect_chain[-1][0]
    new = "a much better passphrase, longer"
    client.post(form, {"password1": new, "password2": new})

    assert client.get("/approvals").status_code == 302
    assert sign_in(user, password=new)["Location"] == "/sign-in/code"


# -- no oracle, no guessing


def test_unknown_addresses_wrong_passwords_and_closed_accounts_answer_the_same() -> None:
    team = people.team_make()
    closed = people.user_make(team.organisation, Role.REQUESTER)
    user_deactivate(user=people.administrator_of(team), member_id=closed.pk)
    tries = [
        (team.requester.email, "wrong"),
        ("nobody@elsewhere.example", "wrong"),
        (closed.email, people.PASSWORD),
    ]

    pages, programs = [], []
    for email, password in tries:
        page = secure().post("/sign-in", {"login": email, "password": password})
        text = page.content.decode().replace(email, "")
        pages.append((page.status_code, re.sub(r'value="[^"]{20,}"', "", text)))
        answer = APIClient().post(LOGIN, {"email": email, "password": password})
        programs.append((answer.status_code, answer.content))

    assert pages[0][0] == 401
    assert len(set(pages)) == 1
    assert len(set(programs)) == 1
    for email in (team.requester.email, "nobody@elsewhere.example"):
        assert secure().post("/password-reset", {"email": email}).status_code == 302
    assert len(mail.outbox) == 2, "a mail either way: who looks at the clock learns nothing"


def test_unknown_addresses_cost_one_hash_as_known_ones_do(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    user = people.team_make().requester
    user.set_password(people.PASSWORD)
    user.save()
    took: dict[str, list[float]] = {}
    for _ in range(3):
        for email in (user.email, "nobody@elsewhere.example"):
            began = perf_counter()
            APIClient().post(LOGIN, {"email": email, "password": "wrong"})
            took.setdefault(email, []).append(perf_counter() - began)

    known, unknown = (median(values) for values in took.values())
    assert 0.4 < known / unknown < 2.5, took


@pytest.mark.parametrize("known", [True, False])
def test_passwords_are_guessed_five_times_and_no_more(known: bool) -> None:
    user = people.team_make().requester
    email = user.email if known else "nobody@elsewhere.example"
    for _ in range(5):
        assert APIClient().post(LOGIN, {"email": email, "password": "x"}).status_code == 401

    answer = APIClient().post(LOGIN, {"email": email, "password": people.PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert answer.json()["remedy"]
    page = secure().post("/sign-in", {"login": email, "password": people.PASSWORD})
    assert page.status_code == 429, "the site and the API count together"
    other = people.team_make().requester
    assert sign_in(other).status_code == 302, "another account is not touched"


def test_codes_are_guessed_five_times_and_no_more() -> None:
    user = people.team_make().approver
    browser = sign_in(user).browser
    for code in ("000001", "000002", "000003", "000004", "000005"):
        assert browser.post("/sign-in/code", {"code": code}).status_code == 401

    assert browser.post("/sign-in/code", {"code": people.code_of(user)}).status_code == 429
    body = {"email": user.email, "password": people.PASSWORD, "code": people.code_of(user)}
    assert APIClient().post(LOGIN, body).status_code == 429
    assert not StrongAuthentication.objects.filter(user=user).exists()


def test_one_address_does_not_try_many_accounts() -> None:
    statuses = [
        APIClient().post(LOGIN, {"email": f"{n}@x.example", "password": "x"}).status_code
        for n in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    for _ in range(20):
        answer = secure().post("/password-reset", {"email": f"{len(mail.outbox)}@x.example"})
        assert answer.status_code == 302
    answer = secure().post("/password-reset", {"email": "more@x.example"})
    assert answer.status_code == 429
    assert "Wait five minutes" in answer.content.decode()


def test_the_sessions_page_ends_the_others() -> None:
    user = people.team_make().requester
    here, there = fully_in(user), fully_in(user)
    assert here.get("/security/sessions").content.decode().count("<small>127.0.0.1") == 2

    assert here.post("/security/sessions")["Location"] == "/security/sessions"

    assert here.get("/productions").status_code == 200
    assert there.get("/productions").status_code == 302

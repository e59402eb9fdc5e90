"""A passkey in a real Chromium: added, signing in by itself, confirming an approval."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, Visitors
from tests.stack import Site
from tests.steps import FIXTURES, cast_with_consents, measured_draft

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def approver(visitors: Visitors) -> Visitor:
    """An approver whose device has a virtual authenticator; passkeys want a host with a name."""
    there = visitors.site.url.replace("127.0.0.1", "localhost")
    visitor = visitors.stranger(base_url=there)
    device = visitor.context.new_cdp_session(visitor.page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    return visitor


def method_of_the_decision(site: Site, production: str) -> str:
    """How whoever decided had confirmed that it is them, as the database says it."""
    statement = (
        "SELECT a.method FROM audit_event e JOIN accounts_strongauthentication a"
        " ON a.id::text = e.data ->> 'authentication'"
        " WHERE e.name = 'approvals.decision.recorded' AND e.object_id = %s"
    )
    with closing(psycopg.connect(site.database)) as connection:
        connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        found = connection.execute(statement, [production]).fetchone()
    assert found is not None
    return str(found[0])


def waiting_production(site: Site) -> str:
    with site.people() as people:
        cast = cast_with_consents(people)
        path = measured_draft(people, cast, FIXTURES / "speech.wav")
        people.requester.post(f"{path}/submit")
    return path.rpartition("/")[2]


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def test_a_passkey_is_added_signs_in_by_itself_and_confirms_an_approval(
    approver: Visitor, visitors: Visitors
) -> None:
    site, page = visitors.site, approver.page
    production = waiting_production(site)
    approver.sign_in(site.accounts["approver"])

    page.goto("/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("Office computer")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/security")
    expect(page.get_by_text("Office computer")).to_be_visible()
    sign_out(page)

    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Approvals")).to_be_visible()

    page.goto(f"/confirm?next=/productions/{production}")
    page.get_by_role("button", name="Confirm with a passkey").click()
    page.get_by_role("link", name="Go to the decision").click()
    page.get_by_label("Comment").fill("By passkey.")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("By passkey.")).to_be_visible()

    assert method_of_the_decision(site, production) == "passkey"
    assert approver.complaints == [], "the strict content policy is kept"

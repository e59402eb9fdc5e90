"""Holds, periods and webhooks in a browser, and a header that has room for everybody."""

from __future__ import annotations

import base64
import hashlib

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.databases import manage
from tests.stack import PASSWORD, Site

MANY = "everything@demo.example"
SECRET = base64.b32encode(hashlib.sha256(b"of everybody's colleague").digest()[:20]).decode()
_MAKE_ONE_WITH_MANY_ROLES = f"""
from rakkan.accounts.roles import SIGHTED
from rakkan.accounts.services import organisation_ensure, totp_ensure, user_ensure
user = user_ensure(
    organisation=organisation_ensure(name="Demo Corporation"), email="{MANY}",
    name="Maximiliane Vielseitig-Mehrfach", password="{PASSWORD}", roles=tuple(SIGHTED),
)
totp_ensure(user=user, secret="{SECRET}")
"""
_MAKE_THE_PERSON = """
from rakkan.accounts.models import User
from rakkan.likenesses.services import person_ensure
person_ensure(user=User.objects.get(email="person@demo.example"))
"""


@pytest.fixture(scope="module")
def everything(site: Site) -> dict[str, str]:
    """An account with every role that goes together."""
    manage(site.environment, "shell", "-c", _MAKE_ONE_WITH_MANY_ROLES)
    return {"email": MANY, "password": PASSWORD, "totp_secret": SECRET}


def lines_of_links(page: Page) -> int:
    return int(
        page.evaluate(
            "new Set([...document.querySelectorAll('.nav a')].map(a => a.offsetTop)).size"
        )
    )


def speak(page: Page, language: str) -> None:
    page.locator(f"button[name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize(
    "who", ["requester", "person", "reviewer", "approver", "auditor", "operator", "administrator"]
)
def test_the_links_of_each_role_stand_in_one_line(visitors: Visitors, who: str) -> None:
    page = visitors.enter(who)
    one_line_and_no_overflow(page)


def test_even_the_links_of_every_role_at_once_stand_in_one_line(
    visitors: Visitors, everything: dict[str, str]
) -> None:
    page = visitors.stranger().sign_in(everything)
    one_line_and_no_overflow(page)


def one_line_and_no_overflow(page: Page) -> None:
    for language in ("en", "ja"):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/")
        speak(page, language)
        assert lines_of_links(page) == 1
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_approver_sets_a_hold_and_ends_it(visitors: Visitors, site: Site) -> None:
    manage(site.environment, "shell", "-c", _MAKE_THE_PERSON)
    page = visitors.enter("approver")
    page.goto("/holds/new")
    page.get_by_label("Reason").fill("Matter 7 of the court of Tokyo")
    page.get_by_label("Until").fill("2099-01-31")
    page.get_by_role("button", name="Set the hold").click()
    row = page.locator("li", has_text="Matter 7")
    expect(row.get_by_text("Stands", exact=True)).to_be_visible()
    row.get_by_role("button", name="End it now").click()
    expect(row.get_by_text("Ended", exact=True)).to_be_visible()


def test_an_administrator_sets_a_period_and_sees_a_webhooks_secret_once(visitors: Visitors) -> None:
    page = visitors.enter("administrator")
    page.goto("/retention")
    page.get_by_label("Days").fill("77")
    page.get_by_role("button", name="Set the period").click()
    expect(page.get_by_text("77 days")).to_be_visible()

    page.goto("/webhooks")
    page.get_by_label("Address").fill("http://hooks.invalid/rakkan")
    page.get_by_label("A consent was withdrawn").check()
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("https address")
    page.get_by_label("Address").fill("https://hooks.invalid/rakkan")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.goto("/webhooks")
    expect(page.get_by_text("whsec_")).to_have_count(0)
    page.get_by_role("link", name="hooks.invalid").click()
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_role("button", name="End it now")).to_have_count(0)

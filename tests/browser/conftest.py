"""A real Chromium, and people in it: each has a context of their own, as on another machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from deploy.local.codes import codes
from tests.stack import Site

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def chromium() -> str | None:
    """Return the program in CHROMIUM, else one of the usual names."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start Debian's Chromium; Playwright's own is never downloaded."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium here: install Debian's package chromium, or set CHROMIUM")
    return {**browser_type_launch_args, "executable_path": program, "args": list(_QUIET)}


def type_code(page: Page, secret: str, button: str) -> None:
    """Type codes of an authenticator app until one is taken: each is taken once."""
    asked = page.url
    for code in codes(secret):
        page.get_by_label("Code of your authenticator app").fill(code)
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state()
        if page.url != asked:
            return


class Visitor:
    """Somebody with a browser of their own; what their pages complain about is kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        refused = "status of 401" in message.text  # a code that was used before: no complaint
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(message.text)

    def sign_in(self, account: dict[str, str]) -> Page:
        """Sign in with the form."""
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail address").fill(account["email"])
        self.page.get_by_label("Password").fill(account["password"])
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        if "totp_secret" in account:
            type_code(self.page, account["totp_secret"], "Go on")
        return self.page


class Visitors:
    """Everybody who visits the site in one module's tests."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site
        self.all: list[Visitor] = []

    def stranger(self, **options: Any) -> Visitor:
        """Return somebody who has not signed in."""
        options = {"base_url": self.site.url, "locale": "en-GB", **options}
        context = self.browser.new_context(**options)
        self.all.append(Visitor(context))
        return self.all[-1]

    def enter(self, who: str) -> Page:
        """Return the first page of somebody who has signed in."""
        return self.stranger().sign_in(self.site.accounts[who])


@pytest.fixture(scope="module")
def visitors(browser: Browser, site: Site) -> Iterator[Visitors]:
    """Browsers for people, closed after the module."""
    people = Visitors(browser, site)
    yield people
    for visitor in people.all:
        visitor.context.close()

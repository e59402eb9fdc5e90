"""What the pages say when something may not be, or is not there."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.databases import ROOT


@pytest.fixture(scope="module")
def requester(visitors: Visitors) -> Page:
    return visitors.enter("requester")


def test_a_wrong_password_is_refused_and_what_was_typed_is_kept(visitors: Visitors) -> None:
    page = visitors.stranger().page
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("nobody@demo.example")
    page.get_by_label("Password").fill("wrong")
    with page.expect_response(lambda answer: answer.url.endswith("/sign-in")) as answer:
        page.get_by_role("button", name="Sign in", exact=True).click()
    assert answer.value.status == 401
    expect(page.get_by_role("alert")).to_contain_text("Check both and try again.")
    expect(page.get_by_label("E-mail address")).to_have_value("nobody@demo.example")


def test_a_page_for_members_leads_strangers_to_the_sign_in_and_back(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    stranger.page.goto("/productions")
    expect(stranger.page).to_have_url(f"{visitors.site.url}/sign-in?next=/productions")
    account = visitors.site.accounts["requester"]
    stranger.page.get_by_label("E-mail address").fill(account["email"])
    stranger.page.get_by_label("Password").fill(account["password"])
    stranger.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(stranger.page).to_have_url(f"{visitors.site.url}/productions")


def test_the_sign_in_never_leads_to_another_site(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    stranger.page.goto("/sign-in?next=https://elsewhere.example/")
    expect(stranger.page.locator(".sheet input[name=next]").first).to_have_value("/")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/events", 403, "What to do Sign in with an account that has this role"),
        (f"/productions/{UUID(int=1)}", 404, "There is no production"),
        ("/nowhere", 404, "There is nothing here"),
        ("/status/0123456789abcdef", 404, "Nothing with the id 0123456789abcdef was released here"),
    ],
)
def test_refusals_keep_their_status(requester: Page, path: str, status: int, said: str) -> None:
    answer = requester.goto(path)
    assert answer is not None
    assert answer.status == status
    expect(requester.locator("main")).to_contain_text(said)


@pytest.mark.parametrize("act", ["submit", "cancel", "decide"])
def test_an_act_opened_as_a_page_leads_to_the_production(requester: Page, act: str) -> None:
    production = f"/productions/{uuid4()}"
    requester.goto(f"{production}/{act}")
    assert requester.url.endswith(production)


def test_evidence_is_for_reviewers_only(requester: Page) -> None:
    answer = requester.goto(f"/identity/{uuid4()}/evidence")
    assert answer is not None
    assert answer.status == 403


def test_a_text_file_is_no_portrait_and_the_page_says_what_to_do(visitors: Visitors) -> None:
    person = visitors.enter("person")
    person.goto("/likenesses/new")
    text = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"not a photo"}
    person.get_by_label("Photo").set_input_files(text)
    person.get_by_role("button", name="Add the portrait").click()
    expect(person.get_by_role("alert")).to_contain_text("Send a JPEG, PNG or WebP photo.")
    person.get_by_role("button", name="日本語").click()
    person.get_by_label("写真").set_input_files(text)
    person.get_by_role("button", name="肖像を追加する").click()
    expect(person.get_by_role("alert")).to_contain_text("JPEG、PNG、WebPの写真を送信してください。")


def test_a_form_with_gaps_names_them_and_keeps_the_rest(requester: Page) -> None:
    requester.goto("/productions/new")
    requester.get_by_label("Title").fill("Half filled in")
    requester.locator("form.narrow").evaluate("form => { form.noValidate = true }")
    requester.get_by_role("button", name="Make the draft").click()
    expect(requester.get_by_role("alert")).to_contain_text("Some fields need another look.")
    expect(requester.get_by_label("Title")).to_have_value("Half filled in")
    expect(requester.get_by_text("This field is required.").first).to_be_visible()


def test_pages_work_on_a_telephone_without_scrolling_sideways(visitors: Visitors) -> None:
    visitor = visitors.stranger(viewport={"width": 360, "height": 740})
    page = visitor.sign_in(visitors.site.accounts["person"])
    for path in ("/", "/likenesses/new", "/consents/new", "/productions"):
        page.goto(path)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, path


def test_the_site_carries_no_inline_script_or_style() -> None:
    for template in (ROOT / "frontend" / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "style=" not in text, template
        assert "<style" not in text, template
        assert "<script>" not in text, template
        assert " on" not in "".join(part.split(">")[0] for part in text.split("<button")[1:]), (
            template
        )

"""Five people take one production the whole way in real browsers, then look at what came of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors, type_code
from tests.databases import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
MEASURED = RENDERED = 120_000  # milliseconds; on two busy cores
TITLE = "Spring product briefing, in the browser"
LABEL = "Studio, for the browser"


@dataclass
class Way:
    """Where everybody is once the video was released."""

    person: Page
    requester: Page
    approver: Page
    production: str


def check(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=name, exact=True).check()


def add_portrait(person: Page) -> None:
    person.goto("/likenesses/new")
    person.get_by_label("Photo").set_input_files(FIXTURES / "portrait.png")
    person.get_by_label("Name of the portrait").fill(LABEL)
    person.get_by_role("button", name="Add the portrait").click()
    # No reload here: the page itself finds out that the gate has spoken.
    expect(person.get_by_role("link", name="Grant a consent")).to_be_visible(timeout=MEASURED)
    expect(person.get_by_text("Use a larger photo or one taken from nearer")).to_be_visible()


def enrol_voice(person: Page) -> None:
    person.goto("/voices/new")
    person.get_by_label("Voice sample").set_input_files(FIXTURES / "speech.wav")
    person.get_by_label("Name of the sample").fill(LABEL)
    person.get_by_role("button", name="Enrol the voice").click()
    expect(person.get_by_role("link", name="Grant a consent")).to_be_visible(timeout=MEASURED)


def prove_identity(person: Page, reviewer: Page) -> None:
    person.goto("/identity/new")
    person.get_by_label("Evidence").set_input_files(FIXTURES / "portrait.png")
    person.get_by_role("button", name="Hand in").click()
    expect(person.get_by_text("Waits for a reviewer").first).to_be_visible()
    reviewer.goto("/identity")
    reviewer.get_by_role("link", name="Waits for a reviewer").first.click()
    with reviewer.context.expect_page() as opened:
        reviewer.get_by_role("link", name="View the evidence").click()
    expect(opened.value.locator("img")).to_be_visible()
    reviewer.get_by_label("Note").fill("The face of the passport.")
    reviewer.get_by_role("button", name="Yes, verified").click()
    expect(reviewer.get_by_text("Verified", exact=True).first).to_be_visible()


def grant_consent(person: Page) -> None:
    person.goto("/consents")
    rows = person.locator("ul.rows > li > a")  # the newest first; twenty a page
    before = {row.get_attribute("href") for row in rows.all()}
    person.goto("/consents/new")
    person.get_by_label("Portrait").select_option(label=LABEL)
    person.locator("#id_voice").select_option(label=LABEL)
    check(person, "Product briefing", "Intranet", "Japan", "English", "Facial expression")
    person.get_by_role("button", name="I consent").click()
    for row in (rows.first, rows.nth(1)):  # to the portrait and to the voice
        expect(row.get_by_text("Live", exact=True)).to_be_visible()
        assert row.get_attribute("href") not in before, "older, of another module of this session"


def make_draft(requester: Page) -> str:
    requester.goto("/productions/new")
    requester.get_by_label("Title").fill(TITLE)
    requester.get_by_label("Likeness").select_option(label=f"Dana Depicted · {LABEL}")
    requester.get_by_label("Who speaks").select_option(label=f"Dana Depicted · {LABEL}")
    requester.get_by_label("The voice track is").select_option(label="A recording of the person")
    requester.get_by_label("Voice track", exact=True).set_input_files(FIXTURES / "speech.wav")
    requester.get_by_label("Prompt").fill("calm, golden light")
    check(requester, "Intranet", "Japan")
    requester.get_by_role("button", name="Make the draft").click()
    expect(requester.get_by_text("Live consents of who is seen")).to_be_visible(timeout=MEASURED)
    requester.get_by_role("button", name="Submit for approval").click()
    expect(requester.get_by_text("Waits for an approver.")).to_be_visible()
    return requester.url


def confirm(page: Page, secret: str) -> None:
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    type_code(page, secret, "Confirm")


def approve(approver: Page, secret: str) -> None:
    approver.get_by_role("link", name="Approvals").click()
    approver.get_by_role("link", name=TITLE).click()
    approver.get_by_role("link", name="Go to the decision").click()
    approver.get_by_label("Comment").fill("Seen and heard.")
    approver.get_by_role("button", name="Approve", exact=True).click()
    approver.wait_for_load_state()
    if approver.get_by_role("heading", name="Confirm that it is you").count():
        # The code of the sign-in counts for five minutes; a slow machine is asked for another.
        confirm(approver, secret)
        expect(approver.get_by_label("Comment")).to_have_value("Seen and heard.")
        approver.get_by_role("button", name="Approve", exact=True).click()
    expect(approver.get_by_text("Seen and heard.")).to_be_visible()


@pytest.fixture(scope="module")
def way(visitors: Visitors) -> Way:
    """The whole way up to a released video."""
    person, reviewer = visitors.enter("person"), visitors.enter("reviewer")
    requester, approver = visitors.enter("requester"), visitors.enter("approver")
    add_portrait(person)
    enrol_voice(person)
    prove_identity(person, reviewer)
    grant_consent(person)
    production = make_draft(requester)
    approve(approver, visitors.site.accounts["approver"]["totp_secret"])
    requester.goto(production)
    # Again without a reload: progress, seal and gate arrive by themselves.
    download = requester.get_by_role("link", name="Download the video")
    expect(download).to_be_visible(timeout=RENDERED)
    return Way(person, requester, approver, production)


def test_every_step_of_the_way_is_marked_done(way: Way) -> None:
    steps = way.requester.get_by_role("list", name="The way of this production")
    expect(steps.get_by_text("(done)")).to_have_count(10)


def test_the_prompt_is_reported_on_word_for_word(way: Way) -> None:
    report = way.requester.locator(".report li")
    expect(report.filter(has_text="calm")).to_have_class("honoured")
    expect(report.filter(has_text="golden light")).to_contain_text("Not honoured")


def test_the_video_can_be_downloaded_and_decodes(way: Way, tmp_path: Path) -> None:
    with way.requester.expect_download() as started:
        way.requester.get_by_role("link", name="Download the video").click()
    video = tmp_path / started.value.suggested_filename
    started.value.save_as(video)
    with av.open(str(video)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert re.fullmatch(r"rakkan-[0-9a-f]{16}\.mp4", video.name)
    assert frames > 100


def test_the_evidence_can_be_downloaded(way: Way, tmp_path: Path) -> None:
    with way.requester.expect_download() as started:
        way.requester.get_by_role("link", name="Download the evidence").click()
    started.value.save_as(tmp_path / "evidence.json")
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert evidence["format"] == "rakkan-evidence/1"
    assert started.value.suggested_filename == (
        f"rakkan-{evidence['release']['asset_id']}.evidence.json"
    )


def test_the_video_plays_in_the_page_and_can_be_sought(way: Way) -> None:
    video = way.requester.locator("video")
    video.evaluate("v => { v.muted = true; return v.play() }")
    way.requester.wait_for_function("() => document.querySelector('video').duration > 5")
    video.evaluate("v => { v.pause(); v.currentTime = 4 }")
    way.requester.wait_for_function(
        "() => { const v = document.querySelector('video');"
        " return !v.seeking && v.currentTime === 4 && v.readyState > 1 }"
    )


def test_the_depicted_person_sees_the_video_of_them(way: Way) -> None:
    way.person.goto("/")
    way.person.get_by_role("link", name=TITLE).click()
    expect(way.person.locator("video")).to_be_visible()


def test_the_signed_receipt_can_be_kept(way: Way, tmp_path: Path) -> None:
    way.person.goto(way.production)
    way.person.get_by_role("link", name="Open the consent").first.click()
    with way.person.expect_download() as started:
        way.person.get_by_role("link", name="Download the signed receipt").click()
    started.value.save_as(tmp_path / "receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["record"]["purposes"] == ["product_briefing"]
    assert receipt["receipt"].count(".") == 2  # a JSON web signature


def test_the_auditor_finds_the_look_at_the_evidence(way: Way, visitors: Visitors) -> None:
    auditor = visitors.enter("auditor")
    auditor.get_by_role("link", name="Log", exact=True).click()
    auditor.get_by_label("Event").select_option(label="Identity evidence was viewed")
    auditor.get_by_role("button", name="Filter").click()
    expect(auditor.locator(".log li").first).to_contain_text("identity.evidence.viewed")


def test_pages_speak_japanese_once_asked_to(way: Way) -> None:
    page = way.approver
    page.goto(way.production)
    page.get_by_role("button", name="日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.get_by_role("heading", name="公開可")).to_be_visible()
    expect(page.get_by_text("同意の範囲では背景や光を変えられません").first).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Released")).to_be_visible()


def test_anyone_may_ask_for_the_status(way: Way, visitors: Visitors) -> None:
    way.requester.goto(way.production)
    address = way.requester.get_by_role("link", name="Public status page").get_attribute("href")
    stranger = visitors.stranger()
    stranger.page.goto(str(address))
    expect(stranger.page.get_by_role("heading", level=1)).to_have_text(
        "This video is genuine and may be shown"
    )


def test_a_withdrawal_calls_the_video_back_at_once(way: Way) -> None:
    way.person.goto(way.production)
    way.person.get_by_role("link", name="Open the consent").first.click()
    way.person.get_by_role("link", name="Withdraw").click()
    expect(way.person.get_by_role("link", name=TITLE)).to_be_visible()  # what it concerns
    way.person.get_by_role("button", name="Withdraw now").click()
    expect(
        way.person.get_by_text("Nothing can be made or shown under this consent")
    ).to_be_visible()
    way.requester.goto(way.production)
    expect(way.requester.get_by_role("alert")).to_contain_text("The release was revoked.")
    refused = way.requester.request.get(f"{way.production}/video")
    assert refused.status in (403, 410)


def test_no_page_of_the_way_broke_its_own_content_policy(way: Way, visitors: Visitors) -> None:
    assert way.production
    assert [visitor.complaints for visitor in visitors.all if visitor.complaints] == []

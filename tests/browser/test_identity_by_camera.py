"""A camera that shows a drawn face: the page, the worker's verdict, and what a reviewer sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests import recordings
from tests.browser.conftest import Visitors
from tests.databases import ROOT
from tests.stack import Site

MEASURED = 120_000  # milliseconds; on two busy cores
CLOSE = (slice(10, 270), slice(95, 355))  # of the sample portrait: the face as before a camera


@pytest.fixture(scope="module")
def closeup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Image.open(ROOT / "tests" / "fixtures" / "portrait.png") as image:
        face = np.array(image.convert("RGB"))[CLOSE]
    path = tmp_path_factory.mktemp("portraits") / "closeup.png"
    Image.fromarray(cv2.resize(face, (520, 520), interpolation=cv2.INTER_CUBIC)).save(path)
    return path


@pytest.fixture(scope="module")
def film(closeup: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees, over and over: a drawn head that answers a challenge of its own."""
    challenge = recordings.draw_challenge(1)
    frames = recordings.drawn(np.array(Image.open(closeup)), recordings.perform(challenge, 1))
    path = tmp_path_factory.mktemp("films") / "camera.mjpeg"
    with path.open("wb") as file:
        for frame in frames:
            file.write(cv2.imencode(".jpg", np.ascontiguousarray(frame[..., ::-1]))[1].tobytes())
    return path


@pytest.fixture(scope="module")
def camera(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], film: Path
) -> Iterator[Browser]:
    """A browser whose only camera plays the film."""
    fake = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    arguments = [*browser_type_launch_args["args"], *fake]
    opened = browser_type.launch(**{**browser_type_launch_args, "args": arguments})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def person(camera: Browser, site: Site) -> Iterator[Page]:
    sitting = Visitors(camera, site)
    page = sitting.enter("person")
    yield page
    for visitor in sitting.all:
        assert visitor.complaints == []
        visitor.context.close()


def prepare(person: Page, photo: Path) -> None:
    """Add a portrait and consent to matching."""
    person.goto("/likenesses/new")
    person.get_by_label("Photo").set_input_files(photo)
    person.get_by_label("Name of the portrait").fill("Before the camera")
    person.get_by_role("button", name="Add the portrait").click()
    expect(person.get_by_role("heading", name="What the gate says")).to_be_visible()
    person.goto("/identity/biometric-consent")
    person.locator("input[name=agreed]").check()
    person.get_by_role("button", name="I consent").click()


def test_a_drawn_face_before_the_camera_is_measured_and_cannot_be_verified(
    person: Page, visitors: Visitors, closeup: Path
) -> None:
    prepare(person, closeup)
    person.goto("/identity/remote")
    person.get_by_role("button", name="Start now").click()
    expect(person.locator("[data-prompt][data-tone=act]")).to_be_visible(timeout=15_000)
    person.wait_for_url(re.compile(r"/identity/[0-9a-f-]{36}$"), timeout=60_000)
    expect(person.get_by_role("heading", name="The recording did not pass")).to_be_visible(
        timeout=MEASURED
    )
    address = person.url
    assert person.get_by_text("Only a reviewer sees the recording.").is_visible()

    reviewer = visitors.enter("reviewer")
    reviewer.goto(address)
    expect(reviewer.get_by_text("drawn from it")).to_be_visible()
    expect(reviewer.get_by_text("An action came before its prompt")).to_be_visible()
    expect(reviewer.locator("table.compare tbody tr")).to_have_count(4)
    expect(reviewer.get_by_role("button", name="Yes, verified")).to_have_count(0)
    video = reviewer.locator("video")
    video.evaluate(  # resolves once it has played for a second
        "v => new Promise(seen => {"
        " v.addEventListener('timeupdate', () => v.currentTime > 1 && seen()); v.play(); })"
    )
    assert video.evaluate("v => v.videoWidth") >= 320
    reviewer.get_by_role("button", name="No, not verified").click()
    expect(reviewer.get_by_text("Not verified").first).to_be_visible()


def test_without_a_camera_the_page_says_what_to_do_instead(
    visitors: Visitors, closeup: Path
) -> None:
    person = visitors.enter("person")
    prepare(person, closeup)
    person.goto("/identity/remote")
    person.get_by_role("button", name="Start now").click()
    said = person.get_by_role("status")
    expect(said).to_contain_text("No camera can be used here.")
    instead = person.get_by_role("link", name="Hand in evidence instead")
    assert instead.get_attribute("href") == "/identity/new"

"""Productions by portraittalk through real processes: the shipped networks', and noise.

Networks that know nothing draw noise, which the gate has to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.environment import gpu_worker
from deploy.local.errors import LocalError
from deploy.local.processes import Child
from deploy.local.production import Wishes, produce
from deploy.local.programs import gpu_program
from generation.portraittalk.weights import SHIPPED_SHA256
from tests.databases import ROOT
from tests.integration.people import SPOKEN
from tests.stack import Site, drawing_of
from tests.unit.generation_portraittalk import tiny

pytestmark = pytest.mark.long
FIXTURES = ROOT / "tests" / "fixtures"


Drawing = Callable[[Path | None], Child]


@pytest.fixture
def drawing_with(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawing]:
    """Start a worker with a folder of weights, or with the shipped ones."""
    with ExitStack() as running:

        def start(folder: Path | None) -> Child:
            monkeypatch.setenv("RAKKAN_PORTRAITTALK", str(folder or ""))
            told = gpu_worker(drawing_of(site.environment, site.url, tmp_path))
            child = Child(gpu_program(told), tmp_path)
            child.start()
            running.callback(child.stop)
            return child

        yield start


def _wishes() -> Wishes:
    speech = FIXTURES / "speech.wav"
    return Wishes(
        FIXTURES / "portrait.png", speech, speech, "calm", "en",
        transcript=SPOKEN, engine="portraittalk",
    )  # fmt: skip


def test_what_the_shipped_networks_draw_is_released(
    site: Site, drawing_with: Drawing, tmp_path: Path
) -> None:
    child, out = drawing_with(None), tmp_path / "video.mp4"
    with site.people() as people:
        evidence = produce(people, _wishes(), out)
    assert out.stat().st_size > 10_000, child.last_words(60)
    assert SHIPPED_SHA256 in evidence.read_text("utf-8")


def test_noise_is_drawn_under_a_permit_and_refused_at_the_gate(
    site: Site, drawing_with: Drawing, tmp_path: Path
) -> None:
    child, out = drawing_with(tiny.saved(tmp_path / "portraittalk", steps=1)), tmp_path / "a.mp4"
    with site.people() as people:
        with pytest.raises(LocalError) as ended:
            produce(people, _wishes(), out)
        found = people.requester.get("productions")["results"]
        [production] = [each for each in found if each["engine"] == "portraittalk"]
        detail = people.requester.get(f"productions/{production['id']}")
        events = people.auditor.get(f"events?object={production['id']}&page_size=500")["results"]

    assert not out.exists(), child.last_words(60)
    assert ended.value.code.startswith("production-"), f"{ended.value}\n{child.last_words(60)}"
    assert detail["release"] is None
    names = [event["name"] for event in events]
    assert "productions.production.released" not in names
    assert "productions.rendering.received" in names, (names, child.last_words(60))
    assert "lips" in str(ended.value), ended.value

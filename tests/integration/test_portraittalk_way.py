"""A production by portraittalk through real processes, up to the gate.

The networks know nothing: what they draw is noise. So the gate has to refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.environment import gpu_worker
from deploy.local.errors import LocalError
from deploy.local.processes import Child
from deploy.local.production import Wishes, produce
from deploy.local.programs import gpu_program
from tests.databases import ROOT
from tests.integration.people import SPOKEN
from tests.stack import Site, drawing_of
from tests.unit.generation_portraittalk import tiny

pytestmark = pytest.mark.long
FIXTURES = ROOT / "tests" / "fixtures"


@pytest.fixture
def gpu(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Child, str]]:
    folder = tiny.saved(tmp_path / "portraittalk", steps=1)
    monkeypatch.setenv("RAKKAN_PORTRAITTALK", str(folder))
    told = gpu_worker(drawing_of(site.environment, site.url, tmp_path))
    child = Child(gpu_program(told), tmp_path)
    child.start()
    yield child
    child.stop()


def test_noise_is_drawn_under_a_permit_and_refused_at_the_gate(
    site: Site, gpu: Child, tmp_path: Path
) -> None:
    speech, out = FIXTURES / "speech.wav", tmp_path / "video.mp4"
    wishes = Wishes(
        FIXTURES / "portrait.png", speech, speech, "calm", "en",
        transcript=SPOKEN, engine="portraittalk",
    )  # fmt: skip
    with site.people() as people:
        with pytest.raises(LocalError) as ended:
            produce(people, wishes, out)
        found = people.requester.get("productions")["results"]
        [production] = [each for each in found if each["engine"] == "portraittalk"]
        detail = people.requester.get(f"productions/{production['id']}")
        events = people.auditor.get(f"events?object={production['id']}&page_size=500")["results"]

    assert not out.exists(), gpu.last_words(60)
    assert ended.value.code.startswith("production-"), f"{ended.value}\n{gpu.last_words(60)}"
    assert detail["release"] is None
    names = [event["name"] for event in events]
    assert "productions.production.released" not in names
    assert "productions.rendering.received" in names, (names, gpu.last_words(60))
    assert "lips" in str(ended.value), ended.value

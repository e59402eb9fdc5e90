"""Steps of a production over the public API, for tests that need it half-way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.production import People
from tests.databases import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
USE = {"channels": ["intranet"], "territories": ["JP"]}


def cast_with_consents(people: People) -> dict[str, str]:
    """A person who is seen and heard and agrees to both; returns the fields that name them."""
    portrait = FIXTURES / "portrait.png"
    likeness = people.person.upload("likenesses", "portrait", portrait)
    path = f"likenesses/{likeness['id']}"
    people.person.wait(path, lambda found: bool(found["measurement"]), 60)
    sample = FIXTURES / "speech.wav"
    speaker = people.person.upload("voices", "sample", sample)
    path = f"voices/{speaker['id']}"
    people.person.wait(path, lambda found: bool(found["measurement"]), 60)
    check = people.person.upload("identity-checks", "evidence", portrait)
    people.reviewer.post(f"identity-checks/{check['id']}/decision", json={"verified": True})
    now = datetime.now(UTC)
    terms = {
        **USE,
        "purposes": ["product_briefing"],
        "languages": ["en"],
        "ai_label": "Made with AI",
        "valid_from": now.isoformat(),
        "valid_until": (now + timedelta(days=1)).isoformat(),
    }
    people.person.post("consents", json={**terms, "likeness": likeness["id"]})
    people.person.post("consents", json={**terms, "voice": speaker["id"]})
    cast = {"likeness": likeness["id"], "speaker": speaker["id"]}
    return {**cast, "voice_origin": "recorded"}


def measured_draft(people: People, cast: dict[str, str], voice: Path) -> str:
    """A draft whose voice track was measured; returns its path in the API."""
    fields = {
        **USE,
        **cast,
        "title": "A walk with accidents",
        "purpose": "product_briefing",
        "language": "en",
        "prompt": "calm",
    }
    path = f"productions/{people.requester.upload('productions', 'voice', voice, fields)['id']}"
    people.requester.wait(path, lambda found: bool(found["voice"]), 60)
    return path


def approve(people: People, path: str) -> None:
    """Submit a draft and approve it: a worker is about to claim it."""
    digest = people.requester.post(f"{path}/submit")["request_digest"]
    decision = {"decision": "approve", "request_digest": digest}
    people.approver.confirm()
    people.approver.post(f"{path}/decision", json=decision)


def approved(people: People, cast: dict[str, str], voice: Path) -> str:
    """A production that a worker is about to claim; returns its path in the API."""
    path = measured_draft(people, cast, voice)
    approve(people, path)
    return path

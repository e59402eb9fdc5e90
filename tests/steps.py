"""Steps of a production over the public API, for tests that need it half-way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.production import People
from tests.databases import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
USE = {"channels": ["intranet"], "territories": ["JP"]}


def likeness_with_consent(people: People) -> str:
    portrait = FIXTURES / "portrait.png"
    likeness = people.person.upload("likenesses", "portrait", portrait)
    path = f"likenesses/{likeness['id']}"
    people.person.wait(path, lambda found: bool(found["measurement"]), 60)
    check = people.person.upload("identity-checks", "evidence", portrait)
    people.reviewer.post(f"identity-checks/{check['id']}/decision", json={"verified": True})
    now = datetime.now(UTC)
    terms = {
        **USE,
        "likeness": likeness["id"],
        "purposes": ["product_briefing"],
        "languages": ["en"],
        "ai_label": "Made with AI",
        "valid_from": now.isoformat(),
        "valid_until": (now + timedelta(days=1)).isoformat(),
    }
    people.person.post("consents", json=terms)
    return str(likeness["id"])


def measured_draft(people: People, likeness: str, voice: Path) -> str:
    """A draft whose voice track was measured; returns its path in the API."""
    fields = {
        **USE,
        "likeness": likeness,
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


def approved(people: People, likeness: str, voice: Path) -> str:
    """A production that a worker is about to claim; returns its path in the API."""
    path = measured_draft(people, likeness, voice)
    approve(people, path)
    return path

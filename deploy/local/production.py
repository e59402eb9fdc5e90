"""The way of one production, told as what five people do."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from compliance.ledger import leaf_hash
from deploy.local.client import Account, Document
from deploy.local.console import note, step
from deploy.local.errors import LocalError

MEASURE_SECONDS = 60.0
RENDER_SECONDS = 1800.0
WORKER_SECONDS = 180.0
SEQUENCE_SECONDS = 30.0
RELEASED = "productions.production.released"
FINAL = {"released", "rejected", "cancelled", "stopped", "failed", "revoked"}
USE = {"channels": ["intranet"], "territories": ["JP"]}


@dataclass(frozen=True)
class People:
    """Who takes part; no two of them are the same account."""

    requester: Account
    person: Account
    reviewer: Account
    approver: Account
    auditor: Account


@dataclass(frozen=True)
class Wishes:
    """What the video is made from."""

    portrait: Path
    voice: Path
    sample: Path  # of the voice that is heard: another recording of the same person is better
    prompt: str
    language: str
    transcript: str = ""  # what the voice says, word for word: captions are made of it
    engine: str = "mesh"


def produce(people: People, wishes: Wishes, out: Path) -> Path:
    """Takes one production from a photo to a released video; returns the evidence file.

    Raises:
        LocalError: Somebody was refused, or the production ended otherwise than released.
    """
    likeness, speaker = _likeness(people, wishes), _voice(people, wishes)
    _consent(people, wishes, likeness, speaker)
    production = _request(people, wishes, likeness, speaker)
    _approve(people, production)
    released = _follow(people.requester, production)
    step("released: the requester downloads the video")
    people.requester.download(f"productions/{production}/video", out)
    _audit(people.auditor, production, released, out)
    if released["release"]["captions_sha256"]:
        captions = out.with_suffix(f".{wishes.language}.vtt")
        people.requester.download(f"productions/{production}/captions", captions)
        note(f"captions of the transcript lie beside it: {captions.name}")
    step("evidence: the requester downloads what proves it")
    evidence = out.with_suffix(".evidence.json")
    people.requester.download(f"productions/{production}/evidence", evidence)
    return evidence


def _likeness(people: People, wishes: Wishes) -> str:
    step(f"likeness: the depicted person adds a portrait ({wishes.portrait.name})")
    fields = {"label": f"{wishes.portrait.stem}, for the demo"}
    likeness = people.person.upload("likenesses", "portrait", wishes.portrait, fields)
    path = f"likenesses/{likeness['id']}"
    measured = people.person.wait(path, lambda found: bool(found["measurement"]), MEASURE_SECONDS)
    _verdict("portrait", measured["measurement"])
    step("identity: the depicted person hands in evidence, a reviewer checks it")
    check = people.person.upload("identity-checks", "evidence", wishes.portrait)
    decision = {"verified": True, "note": "Demo: the portrait is its own evidence."}
    people.reviewer.post(f"identity-checks/{check['id']}/decision", json=decision)
    return str(likeness["id"])


def _voice(people: People, wishes: Wishes) -> str:
    step(f"voice: the same person enrols their voice ({wishes.sample.name})")
    fields = {"label": f"{wishes.sample.stem}, for the demo"}
    voice = people.person.upload("voices", "sample", wishes.sample, fields)
    path = f"voices/{voice['id']}"
    measured = people.person.wait(path, lambda found: bool(found["measurement"]), MEASURE_SECONDS)
    _verdict("voice sample", measured["measurement"])
    return str(voice["id"])


def _consent(people: People, wishes: Wishes, likeness: str, speaker: str) -> None:
    now = datetime.now(UTC)
    terms: Document = {
        **USE,
        "purposes": ["product_briefing"],
        "languages": [wishes.language],
        "ai_label": "Made with AI",
        "valid_from": now.isoformat(),
        "valid_until": (now + timedelta(days=30)).isoformat(),
    }
    people.person.post("biometric-consents", json={"agreed": True})
    step("consent: the person agrees that voices are compared to verify who speaks")
    step("consent: the person allows product briefings on the intranet for 30 days")
    seen = {**terms, "likeness": likeness, "permitted_changes": ["expression"]}
    for what, about in (("face", seen), ("voice", {**terms, "voice": speaker})):
        consent = people.person.post("consents", json=about)
        note(f"{what}: receipt for record {consent['record_digest'][:16]}")


def _request(people: People, wishes: Wishes, likeness: str, speaker: str) -> str:
    step(f"request: a team uploads the voice ({wishes.voice.name}) and submits")
    fields = {
        **USE,
        "likeness": likeness,
        "speaker": speaker,
        "voice_origin": "recorded",
        "title": "Product briefing",
        "purpose": "product_briefing",
        "language": wishes.language,
        "prompt": wishes.prompt,
        "transcript": wishes.transcript,
        "engine": wishes.engine,
    }
    draft = _draft(people.requester, wishes, fields)
    path = f"productions/{draft['id']}"
    measured = people.requester.wait(path, lambda found: bool(found["voice"]), MEASURE_SECONDS)
    _verdict("voice", measured["voice"])
    submitted = people.requester.post(f"{path}/submit")
    note(f"every input is pinned by digest {submitted['request_digest'][:16]}")
    return str(draft["id"])


def _draft(requester: Account, wishes: Wishes, fields: Document) -> Document:
    """Makes the draft, once a worker for its engine is here: networks take a while to load."""
    deadline = time.monotonic() + WORKER_SECONDS
    while True:
        try:
            return requester.upload("productions", "voice", wishes.voice, fields)
        except LocalError as error:
            if error.code != "engine-not-here" or time.monotonic() > deadline:
                raise
        time.sleep(2)


def _verdict(what: str, measurement: Document) -> None:
    note(f"{what}: {measurement['verdict']}")
    noticed = [each for each in measurement["findings"] if each["verdict"] != "usable"]
    for finding in noticed:
        note(f"  {finding['check']}: {finding['reason']['en']} {finding['remedy']['en']}")
    if measurement["verdict"] == "unusable":
        raise LocalError(
            f"{what}-unusable",
            f"The {what} cannot be used.",
            "What to do is said above; then run this again.",
        )


def _approve(people: People, production: str) -> None:
    path = f"productions/{production}"
    seen = people.approver.get(path)
    decision = {"decision": "approve", "request_digest": seen["request_digest"]}
    problem = people.requester.refused(f"{path}/decision", json=decision)
    step("approval: the requester tries to approve it alone")
    note(f"refused: {problem['title']} ({problem['code']})")
    people.approver.confirm()
    people.approver.post(f"{path}/decision", json=decision)
    step("approval: the legal approver confirms by a code and approves exactly this digest")


def _follow(requester: Account, production: str) -> Document:
    """Tells how the production goes on until it ends."""
    told: list[str] = []

    def tell(document: Document) -> None:
        progress = document["progress"]
        tenths = int(float(progress["progress"]) * 10) * 10
        line = f"{document['state']}: waits for {document['waits_for']}"
        if document["state"] == "rendering":
            line = f"rendering: {tenths} % {progress['stage']}"
        if [line] != told[-1:]:
            told.append(line)
            step(line)

    path = f"productions/{production}"
    ended = requester.wait(path, lambda found: found["state"] in FINAL, RENDER_SECONDS, tell)
    if ended["state"] != "released":
        raise LocalError(
            f"production-{ended['state']}",
            f"The production ended {ended['state']}: {ended['problem']}",
            "What stopped it is also in the audit events; the logs are in .rakkan/log.",
        )
    for line in ended["prompt_report"]:
        outcome = f"honoured: {line['effect']}" if line["honoured"] else f"ignored: {line['why']}"
        note(f"prompt: {line['words']!r} {outcome}")
    return ended


def _audit(auditor: Account, production: str, released: Document, video: Path) -> None:
    """Has the auditor recompute every leaf hash of this production and the file's digest.

    Raises:
        LocalError: Something does not match.
    """
    step("audit: the auditor reads the log and checks it")
    page = auditor.wait(
        f"events?object={production}&page_size=500",
        # The log shows what has its number: the release comes last.
        lambda found: any(event["name"] == RELEASED for event in found["results"]),
        SEQUENCE_SECONDS,
    )
    for event in page["results"]:
        if leaf_hash(event["canonical"].encode()).hex() != event["leaf_hash"]:
            raise LocalError(
                "log-altered",
                f"Event {event['id']} is not what the log recorded.",
                "Do not use this installation's videos until this is explained.",
            )
    digest = hashlib.sha256(video.read_bytes()).hexdigest()
    if digest != released["release"]["file_sha256"]:
        raise LocalError("file-altered", f"{video} is not the released file.", "Download it again.")
    note(
        f"{len(page['results'])} events, each in its place; the file is the released {digest[:16]}"
    )

"""After an erasure, real processes have left nothing of the person: no log, no file, no message.

``test_erasure.py`` looks at the database. Here the whole program runs: gunicorn, Celery's workers
and the clerk with its beat. A person goes the whole way, also where they are refused; then every
file that any of them can have written is searched, for the person's words in each way they could
be written down, and for stretches of every file about them.
"""

from __future__ import annotations

import base64
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

import httpx
import psycopg
import pytest
import redis

from deploy.local.client import Account
from deploy.local.errors import LocalError
from deploy.local.production import People
from deploy.local.testing import TestServers
from tests.databases import ROOT
from tests.stack import Site, running_site

pytestmark = pytest.mark.long

FIXTURES = ROOT / "tests" / "fixtures"
SECONDS = 240.0
NAME = "Dana Depicted"  # the demo's person
EMAIL = "person@demo.example"
LABEL = "Dana in the garden at Ōtsu, 2024"
TITLE = "Dana tells of the merger"
PROMPT = "calm, like Dana at breakfast"
TRANSCRIPT = 'My name is Dana "Unmistakable" and I live at the old harbour: 旧港。'
NOTE = "passport of Dana, number 4711-0815"
COMMENT = "Dana agreed on the telephone"
FILE_NAME = "dana-unmistakable-garden"
WORDS = (NAME, EMAIL, LABEL, TITLE, PROMPT, TRANSCRIPT, NOTE, COMMENT, FILE_NAME)
_STRETCH = 48  # bytes of a file that nothing else has
log = logging.getLogger(__name__)


@dataclass
class Traces:
    """What must not be found any more.

    Attributes:
        words: each in every way it could be written down, by what it is.
        stretches: of every file about the person, by which.
    """

    words: dict[bytes, str] = field(default_factory=dict)
    stretches: dict[bytes, str] = field(default_factory=dict)

    def add_words(self) -> None:
        for word in WORDS:
            for form in forms(word):
                self.words[form] = word

    def add_file(self, name: str, data: bytes) -> None:
        """Take stretches from all over a file; what repeats a byte says nothing."""
        places = range(0, max(1, len(data) - _STRETCH), max(1, len(data) // 40))
        for place in places:
            part = data[place : place + _STRETCH]
            if len(set(part)) > _STRETCH // 3:
                self.stretches[part] = name

    def found_in(self, content: bytes) -> set[str]:
        """Say what of all this is in some bytes."""
        looked_for = {**self.words, **self.stretches}
        return {what for trace, what in looked_for.items() if trace in content}


def forms(word: str) -> Iterator[bytes]:
    """Every way in which a word could lie in a file."""
    raw = word.encode()
    for text in (word, word.lower(), json.dumps(word)[1:-1], json.dumps(json.dumps(word))[2:-2]):
        yield text.encode()
        for encoding in ("utf-16-le", "utf-16-be"):
            yield text.encode(encoding)
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    for escaped in (quote(word, safe=""), quote(word), quote_plus(word)):
        yield from (escaped.encode(), escaped.lower().encode())
    for shift in range(3):  # base64 of a longer text that holds it at any offset
        start, end = (8 * shift + 5) // 6, -4
        yield base64.b64encode(b"\0" * shift + raw)[start:end]
        yield base64.urlsafe_b64encode(b"\0" * shift + raw)[start:end]


@dataclass
class Place:
    """Everywhere that a process of the site can write to."""

    folder: Path  # storage, logs, mail, work, temporary files
    servers: TestServers
    site: Site

    def contents(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.folder)), path.read_bytes()
        yield "the broker", self._broker()
        yield "the database", self._database()
        yield "the database's log", self._database_log()

    def _broker(self) -> bytes:
        parts = []
        with redis.Redis.from_url(self.servers.broker) as broker:
            for key in broker.keys("*"):
                parts += [key, broker.dump(key) or b""]
        return b"\n".join(parts)

    def _database(self) -> bytes:
        parts: list[bytes] = []
        name = urlsplit(self.site.database).path
        owner = urlunsplit(urlsplit(self.servers.owner)._replace(path=name))
        with psycopg.connect(owner) as connection:
            connection.execute("SET rakkan.organisation = 'system'")
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            for (table,) in connection.execute(names).fetchall():
                rows = connection.execute(
                    f'SELECT t::text, to_jsonb(t)::text FROM "{table}" t'  # noqa: S608
                )
                parts += [text.encode() for row in rows for text in row]
        return b"\n".join(parts)

    def _database_log(self) -> bytes:
        port = str(urlsplit(self.servers.owner).port)
        for file in Path(gettempdir()).glob("rakkan-test-*/pg/postmaster.pid"):
            if port in file.read_text().splitlines():  # this session's own server
                return (file.parents[1] / "postgres.log").read_bytes()
        return b""  # a server that somebody named, whose log is theirs

    def found(self, traces: Traces) -> dict[str, set[str]]:
        """Say by place what of the person is there."""
        looked = {name: traces.found_in(content) for name, content in self.contents()}
        return {name: what for name, what in looked.items() if what}


@pytest.fixture(scope="module")
def place(servers: TestServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A site whose storage, logs, mail, work and temporary files lie in one folder."""
    folder = tmp_path_factory.mktemp("erasure")
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMAIL_URL", (folder / "mail").as_uri())
        patch.setenv("TMPDIR", str(temporary))
        patch.delenv("STORAGE_URL", raising=False)
        with running_site(servers, folder) as site:
            yield Place(folder, servers, site)


def named(folder: Path, source: Path) -> Path:
    """A file of somebody whose name is in the file's name."""
    target = folder / f"{FILE_NAME}{source.suffix}"
    shutil.copy(source, target)
    return target


class Way:
    """The person's way through the site, from the first photo to the last refusal."""

    def __init__(self, place: Place, people: People, own: Path) -> None:
        self.place, self.people = place, people
        self.portrait = named(own, FIXTURES / "portrait.png")
        self.speech = named(own, FIXTURES / "speech.wav")
        self.passport = own / f"{FILE_NAME}.pdf"
        self.passport.write_bytes(b"%PDF-1.7 " + NOTE.encode() + bytes(range(256)) * 4)
        self.likeness = self.voice = self.production = ""

    def go(self, traces: Traces) -> None:
        for path in (self.portrait, self.speech, self.passport):
            traces.add_file(path.suffix, path.read_bytes())
        self._person()
        self._refusals()
        self._request()
        traces.add_file("the preview", self._preview())
        self._release(traces)

    def _person(self) -> None:
        person = self.people.person
        fields = {"label": LABEL}
        self.likeness = person.upload("likenesses", "portrait", self.portrait, fields)["id"]
        self.voice = person.upload("voices", "sample", self.speech, fields)["id"]
        for path in (f"likenesses/{self.likeness}", f"voices/{self.voice}"):
            person.wait(path, lambda found: bool(found["measurement"]), SECONDS)
        check = person.upload("identity-checks", "evidence", self.passport)
        decision = {"verified": True, "note": NOTE}
        self.people.reviewer.post(f"identity-checks/{check['id']}/decision", json=decision)
        now = datetime.now(UTC)
        terms = {
            "channels": ["intranet"],
            "territories": ["JP"],
            "purposes": ["product_briefing"],
            "languages": ["en"],
            "ai_label": f"Made with AI of {NAME}",
            "valid_from": now.isoformat(),
            "valid_until": (now + timedelta(days=30)).isoformat(),
        }
        seen = {"likeness": self.likeness, "permitted_changes": ["expression"]}
        for about in (seen, {"voice": self.voice}):
            person.post("consents", json={**terms, **about})

    def _refusals(self) -> None:
        """Where things go wrong, programs like to say too much."""
        broken = self.portrait.with_name(f"{FILE_NAME}-broken.png")
        broken.write_bytes(b"\x89PNG no picture " + LABEL.encode())
        for account, path, part in (
            (self.people.person, "likenesses", "portrait"),
            (self.people.person, "voices", "sample"),
            (self.people.requester, "likenesses", "portrait"),
        ):
            try:
                account.upload(path, part, broken, {"label": LABEL})
            except LocalError as refused:
                log.info("refused: %s", refused.code)
        site = self.place.site.url
        with httpx.Client(base_url=site, trust_env=False) as stranger:
            wrong = {"email": EMAIL, "password": f"wrong, says {NAME}"}
            assert stranger.post("/api/v1/auth/login", json=wrong).status_code in (400, 401, 403)
            stranger.get(f"/status/{quote(NAME)}")
            page = stranger.get("/password-reset")
            assert page.status_code == 200
            form = {"email": EMAIL, "csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
            assert stranger.post("/password-reset", data=form).status_code == 302

    def _request(self) -> None:
        fields = {
            "channels": ["intranet"],
            "territories": ["JP"],
            "likeness": self.likeness,
            "speaker": self.voice,
            "voice_origin": "recorded",
            "title": TITLE,
            "transcript": TRANSCRIPT,
            "purpose": "product_briefing",
            "language": "en",
            "prompt": PROMPT,
        }
        requester = self.people.requester
        draft = requester.upload("productions", "voice", self.speech, fields)
        self.production = f"productions/{draft['id']}"
        requester.wait(self.production, lambda found: bool(found["voice"]), SECONDS)
        requester.post(f"{self.production}/submit")

    def _preview(self) -> bytes:
        """Have one drawn; the sealing worker reads its mark back, and then it is seen."""
        approver, target = self.people.approver, self.portrait.with_name("preview.mp4")
        approver.post(f"{self.production}/preview/request")
        deadline = datetime.now(UTC) + timedelta(seconds=SECONDS)
        while True:
            try:
                approver.download(f"{self.production}/preview", target)
            except LocalError as refused:
                if refused.code != "not-found" or datetime.now(UTC) > deadline:
                    raise
                continue
            return target.read_bytes()

    def _release(self, traces: Traces) -> None:
        approver, requester = self.people.approver, self.people.requester
        digest = approver.get(self.production)["request_digest"]
        decision = {"decision": "approve", "request_digest": digest, "comment": COMMENT}
        approver.confirm()
        approver.post(f"{self.production}/decision", json=decision)
        over = {"released", "failed", "stopped", "rejected"}
        ended = requester.wait(self.production, lambda found: found["state"] in over, SECONDS)
        assert ended["state"] == "released", ended["problem"]
        video = self.portrait.with_name("released.mp4")
        requester.download(f"{self.production}/video", video)
        traces.add_file("the released video", video.read_bytes())
        for kind, path in self._stored("quarantine"):
            traces.add_file(kind, path.read_bytes())

    def _stored(self, area: str) -> Iterator[tuple[str, Path]]:
        for path in (self.place.site.blobs / area).rglob("*"):
            if path.is_file():
                yield f"a file in {area}", path


def erase(place: Place, person: Account) -> dict[str, object]:
    """Ask for it as the person does, and wait for the certificate."""
    address = str(person.post("me/erasure")["certificate"])
    deadline = datetime.now(UTC) + timedelta(seconds=SECONDS)
    while True:
        answer = httpx.get(address, trust_env=False)
        assert answer.status_code == 200
        if answer.json()["certificate"]:
            return dict(answer.json())
        assert datetime.now(UTC) < deadline, place.site.log("clerk")


def test_real_processes_leave_nothing_of_an_erased_person(place: Place, tmp_path: Path) -> None:
    traces = Traces()
    traces.add_words()
    with place.site.people() as people:
        Way(place, people, tmp_path).go(traces)
        before = place.found(traces)
        where = " ".join(before)
        for expected in ("blobs/inputs", "blobs/releases", "mail/", "the database"):
            assert expected in where, f"this test would find nothing in {expected}: {before}"
        erase(place, people.person)
    files = [name for name, _ in place.contents()]
    log.warning(
        "searched %s places for %s traces", len(files), len({**traces.words, **traces.stretches})
    )

    assert place.found(traces) == {}
    kept = [name for name in files if name.startswith("blobs/")]
    assert [name for name in kept if not name.startswith("blobs/log/")] == [], "hashes of the log"

"""Who reminds is killed between the row and the mail: nobody is told twice, nobody is forgotten."""

from __future__ import annotations

import re
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.databases import ROOT
from tests.stack import Site
from tests.steps import FIXTURES, cast_with_consents, measured_draft

WAITING = 3  # productions
# The clerk's own task, a day and an hour later: a first reminder is due by then.
_REMIND = """
from datetime import timedelta
from django.utils import timezone
real = timezone.now
timezone.now = lambda: real() + timedelta(hours=25)
from rakkan.core.tenancy import process_is_system
process_is_system()
from rakkan.productions.tasks import remind
remind()
"""


@dataclass
class Mailbox:
    """A mail server on loopback that falls silent when it is told to.

    Attributes:
        url: of it.
        kept: Message-ID of each message that it has taken in, as often as it came.
        silent_at: falls silent before it takes in this message (from 0), if ``kept`` has so many.
        silent_after: falls silent once it has taken this one in, and answers no more.
        silent: set as soon as it does.
    """

    url: str = ""
    kept: list[str] = field(default_factory=list)
    silent_at: int | None = None
    silent_after: int | None = None
    silent: threading.Event = field(default_factory=threading.Event)

    def heard(self, handler: socketserver.StreamRequestHandler) -> None:
        """Speak SMTP (RFC 5321) with one client, to its end or ours."""
        handler.wfile.write(b"220 here\r\n")
        while line := handler.rfile.readline():
            word = line[:4].upper()
            if word == b"MAIL" and len(self.kept) == self.silent_at:
                return self._fall_silent(handler)
            if word == b"DATA":
                handler.wfile.write(b"354 go on\r\n")
                self._keep(handler)
                if len(self.kept) - 1 == self.silent_after:
                    return self._fall_silent(handler)
            handler.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            if word == b"QUIT":
                return None
        return None

    def _keep(self, handler: socketserver.StreamRequestHandler) -> None:
        lines = list(iter(handler.rfile.readline, b".\r\n"))
        found = re.search(rb"^Message-ID: (\S+)", b"".join(lines), re.MULTILINE | re.IGNORECASE)
        assert found is not None
        self.kept.append(found[1].decode())

    def _fall_silent(self, handler: socketserver.StreamRequestHandler) -> None:
        self.silent.set()
        handler.rfile.read()  # until whoever waits for an answer is gone


@contextmanager
def mailbox(**behaviour: Any) -> Iterator[Mailbox]:
    """Start a mail server, hand it out, stop it."""
    box = Mailbox(**behaviour)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            box.heard(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def reminding(site: Site, box: Mailbox) -> subprocess.Popen[bytes]:
    """Start a process that does what the clerk does each minute."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", _REMIND]
    return subprocess.Popen(command, cwd=ROOT, env={**site.environment, "EMAIL_URL": box.url})


def notices(site: Site) -> dict[str, bool]:
    """Message-ID of each notice there is -> whether its row says that it went out."""
    with psycopg.connect(site.database) as connection:
        connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        rows = connection.execute("SELECT id, mailed_at FROM approvals_notice").fetchall()
    return {f"<notice.{pk}@127.0.0.1>": mailed_at is not None for pk, mailed_at in rows}


@pytest.fixture
def waiting(site: Site) -> Iterator[Site]:
    """Requests that wait for a decision, and no clerk that would remind of them meanwhile."""
    with site.people() as people:
        cast = cast_with_consents(people)
        paths = [measured_draft(people, cast, FIXTURES / "speech.wav") for _ in range(WAITING)]
        for path in paths:
            people.requester.post(f"{path}/submit")
        site.children["clerk"].stop()  # with its beat
        yield site
        site.start("clerk")
        for path in paths:
            people.requester.post(f"{path}/cancel")


def killed_while_it_mails(site: Site, box: Mailbox) -> None:
    process = reminding(site, box)
    try:
        assert box.silent.wait(120), "it never came to the message"
    finally:
        process.kill()
        process.wait(10)


def test_who_reminds_is_killed_between_the_row_and_the_mail(waiting: Site) -> None:
    with mailbox(silent_at=1) as box:
        killed_while_it_mails(waiting, box)
        after_the_kill = notices(waiting)
    assert len(after_the_kill) >= WAITING, "every row was there before the first mail"
    assert [one for one, mailed in after_the_kill.items() if mailed] == box.kept

    with mailbox() as later:
        for _ in range(2):  # and once more: there is nothing left to say
            assert reminding(waiting, later).wait(120) == 0
    told = Counter(box.kept + later.kept)
    assert set(told) == set(notices(waiting)) == set(after_the_kill), "somebody was forgotten"
    assert set(told.values()) == {1}, "somebody was told twice"
    assert all(notices(waiting).values())


def test_a_message_that_was_taken_in_as_its_sender_died_comes_again_under_its_own_id(
    waiting: Site,
) -> None:
    """What no sender can know: rather the same message twice than none (0057)."""
    with mailbox(silent_after=0) as box:
        killed_while_it_mails(waiting, box)
        assert not any(notices(waiting)[one] for one in box.kept)
    (cut_off,) = box.kept

    with mailbox() as later:
        assert reminding(waiting, later).wait(120) == 0
    told = Counter(box.kept + later.kept)
    assert told.pop(cut_off) == 2
    assert set(told.values()) == {1}
    assert all(notices(waiting).values())

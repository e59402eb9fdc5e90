"""One production the whole way through the public HTTP API, as five different people."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import control, weights
from deploy.local.client import Account
from deploy.local.console import note, step
from deploy.local.control import Running
from deploy.local.errors import LocalError
from deploy.local.layout import KEYS, PYTHON, ROOT, TRUST
from deploy.local.production import People, Wishes, produce
from deploy.local.serve import accounts

START_SECONDS = 120.0
# What the sample speech says: captions are made of it.
_SAID = "Please leave your message after the tone. When done, hang up or press the pound key."
FIXTURES = ROOT / "tests" / "fixtures"


@dataclass(frozen=True)
class Inputs:
    """What the person may choose."""

    wishes: Wishes
    out: Path

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Inputs:
        """Reads PORTRAIT, AUDIO, SAMPLE, PROMPT, TRANSCRIPT, LANGUAGE_TAG, ENGINE and OUT."""

        def path(name: str, default: Path) -> Path:
            return Path(settings.get(name) or default).expanduser().absolute()

        voice = path("AUDIO", FIXTURES / "speech.wav")
        sample = not settings.get("AUDIO")
        wishes = Wishes(
            portrait=path("PORTRAIT", FIXTURES / "portrait.png"),
            voice=voice,
            sample=path("SAMPLE", voice),  # one recording is enough to see the whole way
            prompt=settings.get("PROMPT") or "calm, warm, product briefing",
            language=settings.get("LANGUAGE_TAG") or "en",
            transcript=settings.get("TRANSCRIPT") or (_SAID if sample else ""),
            engine=weights.engine_of(settings),
        )
        return cls(wishes, path("OUT", ROOT / "build" / "demo.mp4"))


def demonstrate(settings: Mapping[str, str]) -> int:
    """Takes one production from nothing to a verified video; returns the exit status.

    Raises:
        LocalError: A step was refused or failed; nothing half-made is left in the output's place.
    """
    inputs = Inputs.of(settings)
    weights.check(settings)
    for path in (inputs.wishes.portrait, inputs.wishes.voice, inputs.wishes.sample):
        if not path.is_file():
            raise LocalError(
                "input-missing", f"There is no file {path}.", "Check PORTRAIT=, AUDIO=, SAMPLE=."
            )
    inputs.out.parent.mkdir(parents=True, exist_ok=True)
    with _stack() as running:
        began = time.monotonic()
        with ExitStack() as open_accounts:
            people = _people(running, open_accounts)
            evidence = produce(people, inputs.wishes, inputs.out)
        step(
            f"demo: produced in {time.monotonic() - began:.1f} s; verifying it as a stranger would"
        )
        status = _verify(inputs.out, evidence)
    _tell(inputs.out, evidence, status)
    return status


def _people(running: Running, opened: ExitStack) -> People:
    """Signs five people in, each with their own account."""
    step("demo: five people sign in")
    credentials = accounts()

    def sign_in(role: str) -> Account:
        return opened.enter_context(closing(Account(running.site, credentials[role])))

    return People(
        requester=sign_in("requester"),
        person=sign_in("person"),
        reviewer=sign_in("reviewer"),
        approver=sign_in("approver"),
        auditor=sign_in("auditor"),
    )


@contextmanager
def _stack() -> Iterator[Running]:
    """Uses the stack that runs here, or starts one and stops it at the end."""
    found = control.running()
    if found is not None:
        step(f"demo: using the site that runs at {found.site}")
        yield found
        return
    supervisor = subprocess.Popen(
        [str(PYTHON), "-m", "deploy.local", "stack"], cwd=ROOT, start_new_session=True
    )
    try:
        yield _wait(supervisor)
    finally:
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()


def _wait(supervisor: subprocess.Popen[bytes]) -> Running:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = control.running()
        if found is not None:
            return found
        if supervisor.poll() is not None:
            raise LocalError("not-started", "The site did not start.", "The reason is above.")
        time.sleep(0.1)
    raise LocalError(
        "not-started",
        f"The site did not start in {START_SECONDS:.0f} s.",
        "Look at the logs in .rakkan/log.",
    )


def _verify(video: Path, evidence: Path) -> int:
    command = [str(PYTHON), "-m", "compliance", "verify", str(video), "--evidence", str(evidence)]
    command += ["--trust", str(TRUST), "--watermark-key", str(KEYS / "watermark.key")]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1,localhost"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _tell(video: Path, evidence: Path, status: int) -> None:
    meaning = {
        0: "every check holds",
        1: "a check does not hold",
        2: "the file could not be read",
        3: "nothing failed, but a check could not be made",
    }
    print()
    note(f"video:    {video}")
    note(f"evidence: {evidence}")
    note(f"verified: {meaning.get(status, 'the verifier failed')} (exit {status})")
    note("look at it in a browser: make serve")

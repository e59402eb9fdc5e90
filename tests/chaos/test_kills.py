"""Workers are killed in the middle of their work: the production still ends released, once."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.local.client import Account
from deploy.local.production import RELEASED
from tests.stack import Site
from tests.steps import FIXTURES, approved, cast_with_consents


def long_speech(path: Path, seconds: float) -> Path:
    """The sample speech again and again: long enough to be hit in the middle."""
    with wave.open(str(FIXTURES / "speech.wav")) as source:
        parameters, data = source.getparams(), source.readframes(source.getnframes())
    with wave.open(str(path), "wb") as target:
        target.setparams(parameters)
        for _ in range(int(seconds * parameters.framerate / parameters.nframes) + 1):
            target.writeframes(data)
    return path


def wait_for(account: Account, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return account.wait(path, lambda found: done(found) or bool(found["problem"]), 120)


def wait_for_line(site: Site, process: str, line: str, seconds: float = 60.0) -> None:
    """Wait until a process has written a line."""
    deadline = time.monotonic() + seconds
    while line not in site.log(process):
        assert time.monotonic() < deadline, f"{process} never wrote {line!r}"
        site.children[process].process.poll()  # type: ignore[union-attr]


def rows(site: Site, query: str, value: str) -> int:
    with psycopg.connect(site.database) as connection:
        connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        found = connection.execute(query, [value]).fetchone()
    assert found is not None
    return int(found[0])


def assert_released_once(site: Site, production: dict[str, Any]) -> None:
    assert production["state"] == "released", production["problem"]
    one = production["id"]
    for table, column in (
        ("releases_release", "subject_id"),
        ("releases_sealing", "subject_id"),
        ("productions_rendering", "production_id"),
    ):
        assert rows(site, f"SELECT count(*) FROM {table} WHERE {column} = %s", one) == 1  # noqa: S608
    used = (
        "SELECT count(*) FROM dispatch_permituse u"
        " JOIN dispatch_issuedpermit p ON p.id = u.permit_id"
        " JOIN dispatch_job j ON j.id = p.job_id WHERE j.kind = 'render' AND j.subject_id = %s"
    )
    assert rows(site, used, one) == 1
    released = (
        "SELECT count(*) FROM audit_event"
        " WHERE name = 'productions.production.released' AND object_id = %s"
    )
    assert rows(site, released, one) == 1


def test_killing_the_render_worker_then_the_seal_worker_releases_exactly_once(
    site: Site, tmp_path: Path
) -> None:
    voice = long_speech(tmp_path / "speech.wav", seconds=30)
    with site.people() as people:
        path = approved(people, cast_with_consents(people), voice)
        wait_for(people.requester, path, lambda found: found["progress"]["progress"] > 0.1)
        site.kill("render")
        killed = people.requester.get(path)
        assert killed["state"] == "rendering"
        site.start("render")

        wait_for_line(site, "seal", f"sealing {killed['id']}", seconds=120)
        site.kill("seal")
        assert people.requester.get(path)["state"] in {"rendered", "sealed"}
        site.start("seal")

        released = wait_for(people.requester, path, lambda found: found["state"] == "released")
        events = people.auditor.wait(  # they are found once they have their number
            f"events?object={killed['id']}&page_size=500",
            lambda found: any(event["name"] == RELEASED for event in found["results"]),
            120,
        )["results"]

    assert_released_once(site, released)
    permits = [
        event
        for event in events
        if event["name"] == "dispatch.permit.issued" and event["data"]["kind"] == "render"
    ]
    assert len(permits) == 2, "the second worker needed a permit of its own"


@pytest.mark.long
def test_workers_killed_again_and_again_release_every_production_once(
    site: Site, tmp_path: Path
) -> None:
    voice = long_speech(tmp_path / "speech.wav", seconds=20)
    with site.people() as people:
        cast = cast_with_consents(people)
        paths = [approved(people, cast, voice) for _ in range(4)]
        for path in paths:
            # While one is waited for, the workers may have finished the next.
            wait_for(people.requester, path, lambda found: found["state"] != "queued")
            for name in ("render", "seal"):
                site.kill(name)
                site.start(name)
            released = wait_for(people.requester, path, lambda found: found["state"] == "released")
            assert_released_once(site, released)

"""What an auditor takes away holds offline, and is their own organisation's."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from compliance.__main__ import main
from compliance.ledger import FolderStore
from rakkan.audit.log import log_signer, log_store
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.services import (
    Actor,
    Subject,
    checkpoint_publish,
    events_record,
    log_advance,
)
from rakkan.core.errors import Refused
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.services import Form, export_stream, index_update
from rakkan.inspection.services import export as exporting
from tests.integration import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "log.vkey"
    file.write_text(log_signer().key.text)
    return file


def happened(team: people.Team, count: int, **data: Any) -> None:
    actor = Actor("system:seal", "system", str(team.organisation.pk))
    about = [(Subject("production", str(team.person.pk)), {"n": n, **data}) for n in range(count)]
    with transaction.atomic():
        events_record(EventName.GATE_FAILED, actor=actor, about=about)
    while log_advance():
        pass
    checkpoint_publish(due=True)
    index_update()


def taken(pieces: Iterator[bytes], file: Path) -> Path:
    with file.open("wb") as stream:
        stream.writelines(pieces)
    return file


def checked(file: Path, key: Path, *options: str) -> int:
    return main(["log", "verify", str(file), "--key", str(key), *options])


def events_in(file: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(file) as archive:
        return [json.loads(line) for line in archive.read("events.jsonl").splitlines()]


@pytest.mark.parametrize("count", [1, 255, 300, 700])
def test_a_selection_is_verified_offline(
    team: people.Team, key: Path, tmp_path: Path, count: int
) -> None:
    happened(team, count)
    happened(people.team_make(), 30)

    file = taken(
        export_stream(user=team.auditor, asked=LogFilter(domain="releases"), form=Form.ZIP),
        tmp_path / "export.zip",
    )

    assert checked(file, key, "--selection") == 0
    assert checked(file, key) == 1  # it is not the whole log
    events = events_in(file)
    assert [line["event"]["data"]["n"] for line in events] == list(range(count))
    assert {line["event"]["organisation_id"] for line in events} == {str(team.organisation.pk)}
    told = Event.objects.get(name=EventName.LOG_EXPORTED, actor_id=team.auditor.pk)
    assert told.data["filters"] == {"domain": "releases"}


def test_strides_leave_nothing_out(
    team: people.Team, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "STRIDE", 7)
    happened(team, 40)

    file = taken(
        export_stream(user=team.auditor, asked=LogFilter(domain="releases"), form=Form.ZIP),
        tmp_path / "export.zip",
    )
    assert [line["event"]["data"]["n"] for line in events_in(file)] == list(range(40))
    assert checked(file, key, "--selection") == 0


def test_the_log_may_grow_while_it_is_exported(
    team: people.Team, key: Path, tmp_path: Path
) -> None:
    happened(team, 300)
    pieces = export_stream(user=team.auditor, asked=LogFilter(), form=Form.ZIP)
    happened(team, 600)  # partial tiles of the exported tree are full now, and gone

    file = taken(pieces, tmp_path / "export.zip")

    assert checked(file, key, "--selection") == 0


def test_the_whole_log_is_for_whoever_runs_the_installation(
    team: people.Team, key: Path, tmp_path: Path
) -> None:
    happened(team, 300)
    happened(people.team_make(), 300)
    file = tmp_path / "whole.zip"

    call_command("log_export", str(file), verbosity=0)

    assert checked(file, key) == 0
    assert Event.objects.get(name=EventName.LOG_EXPORTED).actor_id == "system:export"
    with pytest.raises(CommandError, match="exists"):
        call_command("log_export", str(file))


def test_a_whole_export_of_a_damaged_log_leaves_no_file(team: people.Team, tmp_path: Path) -> None:
    happened(team, 300)
    store = log_store()
    assert isinstance(store, FolderStore)
    (store._folder / "tile/entries/000").unlink()

    with pytest.raises(CommandError, match="tile/entries/000 is missing"):
        call_command("log_export", str(tmp_path / "whole.zip"))
    assert list(tmp_path.glob("*.zip*")) == []


def test_csv_holds_the_same_events_and_no_formula(team: people.Team) -> None:
    happened(team, 3, why='=HYPERLINK("x")')
    actor = Actor(str(team.auditor.pk), "auditor", str(team.organisation.pk))
    with transaction.atomic():
        events_record(
            EventName.GATE_FAILED, actor=actor, about=[(Subject("production", "1", "=1+1"), {})]
        )
    log_advance()
    checkpoint_publish(due=True)
    index_update()

    pieces = export_stream(user=team.auditor, asked=LogFilter(domain="releases"), form=Form.CSV)
    text = b"".join(pieces).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [json.loads(row["data"]).get("n") for row in rows] == [0, 1, 2, None]
    assert rows[3]["object_label"] == "'=1+1"
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_one_export_of_an_organisation_runs_at_a_time(team: people.Team) -> None:
    happened(team, 3)
    first = export_stream(user=team.auditor, asked=LogFilter(), form=Form.ZIP)
    other = people.team_make()
    happened(other, 1)

    # The lock is the connection's, which may take it twice; another connection may not.
    assert b"".join(export_stream(user=other.auditor, asked=LogFilter(), form=Form.CSV))
    first.close()
    assert b"".join(export_stream(user=team.auditor, asked=LogFilter(), form=Form.CSV))


def test_without_a_checkpoint_nothing_is_exported(team: people.Team) -> None:
    with pytest.raises(Refused) as refused:
        export_stream(user=team.auditor, asked=LogFilter(), form=Form.ZIP)
    assert refused.value.code == "log-not-signed"


def test_the_page_and_the_api_hand_out_export_and_proof(
    team: people.Team, key: Path, tmp_path: Path, settings: Settings
) -> None:
    happened(team, 5)
    event = Event.objects.filter(name=EventName.GATE_FAILED)[2]
    page, api = Client(), people.signed_in(team.auditor)
    page.force_login(team.auditor)

    for client, start in ((page, "/"), (api, "/api/v1/")):
        answer = client.get(
            f"{start}events/export?form=zip&domain=releases&name=releases.gate.failed"
        )
        assert answer.status_code == 200, answer
        file = taken(answer.streaming_content, tmp_path / "export.zip")
        assert checked(file, key, "--selection") == 0
        assert len(events_in(file)) == 5
        proof = tmp_path / "proof"
        proof.write_bytes(client.get(f"{start}events/{event.pk}/proof").content)
        assert main(["log", "verify-proof", str(proof), "--key", str(key)]) == 0
    stranger = people.signed_in(people.team_make().auditor)
    assert stranger.get(f"/api/v1/events/{event.pk}/proof").status_code == 404


def test_what_no_checkpoint_covers_has_no_proof_yet(team: people.Team) -> None:
    happened(team, 1)
    actor = Actor(str(team.auditor.pk), "auditor", str(team.organisation.pk))
    with transaction.atomic():
        events_record(EventName.LOG_READ, actor=actor, about=[(Subject("log", ""), {})])
    event = Event.objects.filter(actor_id=team.auditor.pk, name=EventName.LOG_READ)[0]

    answer = people.signed_in(team.auditor).get(f"/api/v1/events/{event.pk}/proof")

    assert (answer.status_code, answer.json()["code"]) == (409, "not-published-yet")
    refused = Event.objects.get(name=EventName.INSPECTION_REFUSED, actor_id=team.auditor.pk)
    assert refused.data == {"code": "not-published-yet"}

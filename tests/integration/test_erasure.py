"""Erasing a person: nothing personal is left anywhere, and every older proof still holds."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import Settings

from compliance.ledger import leaf_hash
from compliance.permit import MeasureResult, Verdict
from compliance.signing import KeyRole, StatementVerifier
from rakkan.audit.models import Event, Leaf
from rakkan.audit.services import events_sequence
from rakkan.consents.models import Consent
from rakkan.consents.services.grant import consent_grant
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.core.requests import request_id_start
from rakkan.evidence.services import evidence_export
from rakkan.identity.services import (
    biometric_consent_grant,
    identity_decide,
    identity_submit,
)
from rakkan.lifecycle.models import ErasureStep, Step
from rakkan.lifecycle.services import erase as module
from rakkan.lifecycle.services import (
    erasure_ask,
    erasure_carry_out,
    erasure_certificate,
    erasures_resume,
    hold_end,
    hold_set,
)
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.services import likeness_add, person_ensure
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.portray import portrait_add
from rakkan.productions.services.withdraw import withdraw
from rakkan.vault.services import subject_is_erased
from rakkan.verification.selectors import asset_status
from rakkan.webhooks.services import endpoint_add
from tests.integration import clips, people
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db

NAME = "Dana Unmistakable"
EMAIL = "dana.unmistakable@private.example"
LABEL = "Dana in the garden, 2024"
TITLE = "Dana tells of the merger"
PROMPT = "calm, like Dana at breakfast"
TRANSCRIPT = 'My name is Dana "Unmistakable" and I live at the old harbour — 旧港。'
COMMENT = "Dana agreed on the telephone"
NOTE = "passport of Dana, number 4711"
REASON = "Dana does not want it any more"
WORDS = [NAME, EMAIL, LABEL, TITLE, PROMPT, TRANSCRIPT, COMMENT, NOTE, REASON]


def needles(words: Sequence[str] = WORDS) -> list[bytes]:
    """Every form in which the words could lie in a dump or a file."""
    found: list[bytes] = []
    for word in words:
        raw = word.encode()
        found += [raw, word.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()]
        found += [json.dumps(word)[1:-1].encode(), json.dumps(word.lower())[1:-1].encode()]
        for shift in range(3):  # base64 of a longer text that holds it at any offset
            inner = base64.b64encode(b"\0" * shift + raw)
            found.append(inner[(8 * shift + 5) // 6 : -4])
    return found


def dump() -> bytes:
    """Every column of every row of every table that the application may read."""
    parts: list[bytes] = []
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {"inspection_posting"}:
            cursor.execute(f'SELECT t::text, to_jsonb(t)::text FROM "{table}" t')  # noqa: S608
            parts += [text.encode() for row in cursor.fetchall() for text in row]
    return b"\n".join(parts)


def stored() -> dict[str, bytes]:
    """Every file in the storage."""
    store, found = storages["blobs"], {}

    def walk(folder: str) -> None:
        folders, files = store.listdir(folder)
        for name in files:
            with store.open(f"{folder}/{name}".lstrip("/")) as stream:
                found[name] = stream.read()
        for name in folders:
            walk(f"{folder}/{name}".lstrip("/"))

    walk("")
    return found


def assert_nothing_is_left(haystack: bytes, where: str, words: Sequence[str] = WORDS) -> None:
    for needle in needles(words):
        assert needle not in haystack, f"{where} still holds {needle!r}"


def likeness_of(team: people.Team) -> Likeness:
    team.person.name, team.person.email = NAME, EMAIL
    team.person.save()
    likeness = portrait_add(user=team.person, label=LABEL, portrait=people.portrait_file())
    people.measured(likeness.pk, MeasureResult(Verdict.USABLE, (), {"face": TITLE}))
    evidence = SimpleUploadedFile("passport.pdf", b"%PDF-1.7 " + NOTE.encode())
    check = identity_submit(user=team.person, evidence=evidence)
    identity_decide(user=team.reviewer, check_id=check.pk, verified=True, note=NOTE)
    people.consent_make(team, likeness, ai_label=f"Made with AI of {NAME}")
    return likeness


def released(
    team: people.Team,
    likeness: Likeness,
    number: int,
    cast: Cast | None = None,
    voice: SimpleUploadedFile | None = None,
) -> Production:
    words = {"title": f"{TITLE} {number}", "prompt": PROMPT, "transcript": TRANSCRIPT}
    production = production_create(
        user=team.requester,
        cast=cast or people.cast_of(team, likeness),
        draft=people.draft(**words),
        voice=voice or people.voice_file(),
    )
    facts = {"said": TRANSCRIPT, "transcript": {"compared": True, "heard": TRANSCRIPT}}
    people.measured(production.pk, MeasureResult(Verdict.USABLE, (), facts))
    people.submit(team.requester, Production.objects.get(pk=production.pk))
    production.refresh_from_db()
    people.approve(team.approver, production)
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    with tempfile.TemporaryDirectory() as folder:
        data = clips.marked_clip(Path(folder), production.asset_id)
    result = render_result(data, prompt_report=[{"words": PROMPT, "honoured": True}])
    assert worker.upload(result["sha256"], data).status_code == 201
    answer = worker.result(result)
    assert answer.status_code == 200, answer.json()
    people.lips_measured(production)
    production_finish(production.pk)
    production.refresh_from_db()
    assert production.state == "released", production.problem
    return production


def copy_out(team: people.Team, production: Production, folder: Path) -> Path:
    """What somebody took away before: the file and its evidence."""
    video = folder / f"{production.asset_id}.mp4"
    answer = people.signed_in(team.requester).get(f"/api/v1/productions/{production.pk}/video")
    assert answer.status_code == 200
    video.write_bytes(b"".join(answer.streaming_content))
    events_sequence()
    bundle = evidence_export(user=team.auditor, production_id=production.pk)
    video.with_suffix(".evidence.json").write_text(json.dumps(bundle))
    return video


def verified(video: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "compliance", "verify", str(video), "--json", "--offline"]
    command += ["--trust", settings.RAKKAN_TRUST]
    command += ["--watermark-key", str(Path(settings.RAKKAN_KEYS) / "watermark.key")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    checks = json.loads(result.stdout)["checks"]
    assert result.returncode in (0, 3), [c for c in checks if c["outcome"] != "pass"]
    return {check["name"]: check["outcome"] for check in checks}


@pytest.mark.parametrize("count", [1, pytest.param(10, marks=pytest.mark.long)])
def test_nothing_personal_is_left_and_every_older_proof_holds(
    count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    request_id_start()
    team = people.team_make()
    likeness = likeness_of(team)
    productions = [released(team, likeness, number) for number in range(count)]
    draft = people.draft_make(team, likeness, title=TITLE, transcript=TRANSCRIPT)
    copies = [copy_out(team, production, tmp_path) for production in productions]
    before = [verified(video) for video in copies]
    client = Client()
    client.force_login(team.person)
    portrait = people.portrait_file().read()
    assert NAME.encode() in dump()
    assert hashlib.sha256(portrait).hexdigest() in stored()
    events_sequence()
    canonical = dict(Event.objects.values_list("pk", "canonical"))

    request_id_start()
    erasure, secret = erasure_ask(user=team.person)
    assert erasure_certificate(secret=secret)["state"] == "under way"
    erasure_carry_out(erasure.pk)
    erasure_carry_out(erasure.pk)  # a repeated message

    request_id_start()
    assert_nothing_is_left(dump(), "the database")
    assert_nothing_is_left(caplog.text.encode(), "a log")
    assert stored() == {}
    draft.refresh_from_db()
    assert draft.state == "stopped"
    for production in productions:
        status = asset_status(production.asset_id)
        assert (status.status, status.consent, status.ai_label) == ("revoked", "withdrawn", "")
    assert client.get("/my-data").status_code == 302
    # Every proof of before: events as they were, leaves that hash them, files that verify.
    assert all(Event.objects.get(pk=pk).canonical == text for pk, text in canonical.items())
    for leaf in Leaf.objects.select_related("event"):
        assert bytes(leaf.leaf_hash) == leaf_hash(leaf.event.canonical.encode())
    assert [verified(video) for video in copies] == before
    assert_certificate(secret)
    for page in ("/", "/productions", f"/productions/{productions[0].pk}", "/likenesses"):
        colleague = Client()
        colleague.force_login(team.requester)
        assert colleague.get(page).status_code == 200, page
    listed = people.signed_in(team.auditor).get("/api/v1/productions")
    assert listed.status_code == 200
    with pytest.raises(Refused):
        evidence_export(user=team.auditor, production_id=productions[0].pk)


def assert_certificate(secret: str) -> None:
    certificate = erasure_certificate(secret=secret)
    pem = (Path(settings.RAKKAN_TRUST) / "receipt.pub.pem").read_bytes()
    verifier = StatementVerifier.from_pems(KeyRole.RECEIPT, [pem])
    assert verifier.verify(certificate["certificate"]) == certificate["statement"]
    assert [step["name"] for step in certificate["statement"]["steps"]] == [s.value for s in Step]


def test_a_file_that_another_person_has_too_stays_for_them_until_they_are_erased_as_well() -> None:
    team = people.team_make()
    other = people.user_make(team.organisation, people.Role.DEPICTED_PERSON)
    likeness_add(user=team.person, label="Mine", portrait=people.portrait_file())
    likeness_add(user=other, label="Ours", portrait=people.portrait_file())
    name = hashlib.sha256(people.portrait_file().read()).hexdigest()

    first, _ = erasure_ask(user=team.person)
    erasure_carry_out(first.pk)
    assert name in stored()
    assert ErasureStep.objects.get(erasure=first, name="files").kept == 1

    second, _ = erasure_ask(user=other)
    erasure_carry_out(second.pk)
    assert stored() == {}


def test_a_process_that_dies_in_the_middle_leaves_the_rest_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    likeness_add(user=team.person, label=LABEL, portrait=people.portrait_file())
    erasure, _ = erasure_ask(user=team.person)

    def die(*_: object) -> tuple[int, int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_delete_files", die)
        with pytest.raises(KeyboardInterrupt):
            erasure_carry_out(erasure.pk)
    assert stored()
    erasures_resume()

    assert stored() == {}
    assert erasure.steps.count() == len(Step)
    assert Event.objects.filter(name="lifecycle.erasure.carried_out").count() == 1


def test_keys_that_are_destroyed_are_told_though_the_process_dies_right_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    erasure, _ = erasure_ask(user=team.person)
    calls = []

    def die_the_second_time(_: object) -> int:
        calls.append(1)
        if len(calls) == 2:  # the first is the step before
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patched:
        patched.setattr(module, "packs_end_of", die_the_second_time)
        with pytest.raises(KeyboardInterrupt):
            erasure_carry_out(erasure.pk)
    assert subject_is_erased(erasure.person_id)
    told = Event.objects.filter(name="lifecycle.erasure.carried_out")
    assert told.count() == 1
    erasures_resume()

    assert told.count() == 1
    assert erasure.steps.count() == len(Step)


def test_a_hold_refuses_an_erasure_with_its_reason_until_it_ends() -> None:
    team = people.team_make()
    person = person_ensure(user=team.person)
    until = datetime.now(UTC) + timedelta(days=30)
    about = {"person_id": person.pk, "reason": "Lawsuit 7", "valid_until": until}
    with pytest.raises(NotPermitted):
        hold_set(user=team.requester, told=True, **about)
    told = hold_set(user=team.approver, told=True, **about)
    silent = hold_set(user=team.approver, told=False, **about)

    with pytest.raises(Refused, match="Lawsuit 7"):
        erasure_ask(user=team.person)
    hold_end(user=team.approver, hold_id=told.pk)
    with pytest.raises(Refused) as refused:
        erasure_ask(user=team.person)
    assert "Lawsuit" not in str(refused.value)
    hold_end(user=team.approver, hold_id=silent.pk)

    erasure_ask(user=team.person)
    with pytest.raises(Refused, match="being erased"):
        hold_set(user=team.approver, told=True, **about)


def test_who_has_other_roles_or_a_wrong_link_gets_a_clear_answer() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, people.Role.DEPICTED_PERSON, people.Role.REQUESTER)
    with pytest.raises(Refused) as refused:
        erasure_ask(user=both)
    assert refused.value.code == "other-roles"
    with pytest.raises(NotFound):
        erasure_certificate(secret=secrets.token_urlsafe())


def test_a_person_erases_themself_on_the_site_and_is_shown_the_certificates_address_once() -> None:
    team = people.team_make()
    person_ensure(user=team.person)
    client = Client()
    client.force_login(team.person)

    assert client.get("/my-data/erasure").status_code == 200
    assert client.post("/my-data/erasure", {}).status_code == 400  # no tick, no erasure
    answer = client.post("/my-data/erasure", {"sure": "on"})

    found = re.search(r"/api/v1/erasures/([\w-]+)", answer.content.decode())
    assert found is not None
    assert Client().get(found[0]).json()["state"] == "under way"
    assert client.post("/my-data/erasure", {"sure": "on"}).status_code == 409


def test_the_person_sees_which_systems_were_told_of_an_end() -> None:
    team = people.team_make()
    likeness = likeness_of(team)
    administrator = people.administrator_of(team)
    endpoint_add(user=administrator, url="https://hooks.example/", topics=["release.revoked"])
    production = released(team, likeness, 0)
    client = Client()
    client.force_login(team.person)
    assert "told of its end" not in client.get("/my-data").content.decode()

    withdraw(user=team.person, consent_id=production.consent_id)

    assert "still being told of its end" in client.get("/my-data").content.decode()


def test_messages_to_the_person_go_from_the_folder_and_those_to_others_stay(
    settings: Settings, tmp_path: Path
) -> None:
    team = people.team_make()
    person_ensure(user=team.person)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    everybody = (f"Dana <{team.person.email}>", team.requester.email, team.approver.email)
    mails = [EmailMessage(subject="A link", body="for you", to=[to]) for to in everybody]
    with get_connection() as together:  # one file, as two of one second can become
        together.send_messages(mails[:2])
    mails[0].send()
    mails[2].send()

    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)

    left = "".join(path.read_text() for path in (tmp_path / "mail").iterdir())
    assert team.person.email not in left
    assert team.requester.email in left
    assert team.approver.email in left


def test_nothing_new_is_drafted_of_somebody_erased_seen_or_heard() -> None:
    team = people.team_make()
    heard = people.user_make(team.organisation, people.Role.DEPICTED_PERSON)
    voice = people.voice_make(people.Team(**vars(team) | {"person": heard}))
    likeness = people.likeness_make(team)
    erasure, _ = erasure_ask(user=heard)
    erasure_carry_out(erasure.pk)

    with pytest.raises(Refused) as refused:
        production_create(
            user=team.requester,
            cast=Cast(likeness, voice),
            draft=people.draft(),
            voice=people.voice_file(),
        )

    assert refused.value.code == "erased"
    assert not Production.objects.exists()


def test_who_asked_to_be_erased_consents_to_nothing_before_it_is_carried_out_even_by_sql() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent = people.consent_make(team, likeness)
    erasure_ask(user=team.person)

    def try_to(act: Callable[[], object]) -> str:
        with pytest.raises(Refused) as refused:
            act()
        return refused.value.code

    person, granted = team.person, {"trait": likeness, "terms": people.terms()}
    assert try_to(lambda: consent_grant(user=person, **granted)) == "erasure-asked"
    assert try_to(lambda: biometric_consent_grant(user=person, agreed=True)) == "erasure-asked"
    consent.pk = uuid4()
    with pytest.raises(IntegrityError, match="consents to nothing any more"), transaction.atomic():
        consent.save(force_insert=True)
    assert not Consent.objects.filter(withdrawal=None).exists()

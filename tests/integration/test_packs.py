"""Evidence packs: built by the seal worker, checked before they leave, gone with their term."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from django.conf import settings as configured
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from compliance.development import development_keys
from compliance.evidence.signatures import pdf_attachment
from rakkan.audit.models import Event
from rakkan.audit.services import log_advance
from rakkan.core.blobs import Area, blob_open
from rakkan.core.errors import NotFound, RakkanError, Refused, Unavailable
from rakkan.evidence.models import Pack, PackEnd, PackFile, PackReady
from rakkan.evidence.selectors import pack_get, pack_state
from rakkan.evidence.services import build as building
from rakkan.evidence.services import (
    pack_deliver,
    pack_request,
    packs_expire,
)
from rakkan.evidence.services.build import pack_build
from rakkan.evidence.signers import evidence_signer, evidence_signer_forget
from rakkan.lifecycle.services import erasure_ask, erasure_carry_out
from rakkan.productions.models import Production
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_checkpoint_at_once(settings: Settings) -> None:
    settings.RAKKAN_CHECKPOINT_SECONDS = 0


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def production(team: people.Team) -> Production:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.voice_ready(team)
    people.consent_make(team, likeness, permitted_changes=["expression"])
    made = world.sealed_make(team, likeness)
    assert made.state == "released", made.problem
    log_advance()
    return made


def ask(team: people.Team, production: Production, **changes: object) -> Pack:
    given = {"language": "ja", "with_video": True} | changes
    return pack_request(user=team.auditor, production_id=production.pk, **given)  # type: ignore[arg-type]


def built(team: people.Team, production: Production, **changes: object) -> Pack:
    pack = ask(team, production, **changes)
    pack_build(pack.pk)
    return pack_get(team.auditor, pack.pk)


def taken(team: people.Team, pack: Pack, folder: Path) -> Path:
    answer = people.signed_in(team.auditor).get(f"/api/v1/packs/{pack.pk}/file")
    assert answer.status_code == 200, answer.content
    path = folder / "pack.zip"
    path.write_bytes(b"".join(answer.streaming_content))
    return path


def verified(path: Path) -> dict[str, str]:
    """What an auditor's own process says, who has the trust folder and nothing else."""
    command = [sys.executable, "-m", "compliance", "evidence", "verify", str(path), "--json"]
    command += ["--trust", configured.RAKKAN_TRUST]
    command += ["--watermark-key", str(Path(configured.RAKKAN_KEYS) / "watermark.key")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(answer.stdout)
    assert answer.returncode == 0, report
    return {check["name"]: check["outcome"] for check in report["checks"]}


def names_about(pack: Pack) -> list[str]:
    rows = Event.objects.filter(object_id=str(pack.pk)).order_by("occurred_at", "id")
    return list(rows.values_list("name", flat=True))


def test_a_pack_is_asked_for_built_taken_and_accepted_by_a_stranger(
    team: people.Team, production: Production, tmp_path: Path
) -> None:
    pack = built(team, production)
    assert pack_state(pack) == "ready"
    path = taken(team, pack, tmp_path)
    outcomes = verified(path)
    assert {name for name, outcome in outcomes.items() if outcome != "pass"} == {"witnesses"}
    with zipfile.ZipFile(path) as archive:
        facts = json.loads(pdf_attachment(archive.read("summary.pdf"), "facts.json"))
        evidence = json.loads(archive.read("evidence.json"))
    assert facts["production"]["id"] == str(production.pk)
    assert facts["policy"]["steps"][0]["quorum"] == 1
    assert evidence["identity"]["seen"]["method"] == "reviewed-evidence"
    assert names_about(pack) == [
        "evidence.pack.requested",
        "evidence.pack.built",
        "evidence.pack.delivered",
    ]
    delivered = Event.objects.filter(name="releases.release.delivered")
    assert delivered.count() == 1, "a video in a pack is a delivery of the video"


def test_a_pack_without_the_video_is_small_and_is_no_delivery(
    team: people.Team, production: Production, tmp_path: Path
) -> None:
    path = taken(team, built(team, production, with_video=False), tmp_path)
    outcomes = verified(path)
    left = {name for name, outcome in outcomes.items() if outcome != "pass"}
    assert left == {"witnesses", "video", "credentials", "watermark"}
    assert not Event.objects.filter(name="releases.release.delivered").exists()


def test_after_a_withdrawal_the_video_is_handed_to_nobody_and_the_evidence_says_so(
    team: people.Team, production: Production, tmp_path: Path
) -> None:
    pack = built(team, production)
    withdraw(user=team.person, consent_id=production.consent_id, reason="")
    with pytest.raises(Refused):
        pack_deliver(user=team.auditor, pack_id=pack.pk)
    with pytest.raises(Refused):
        ask(team, production, with_video=True)
    log_advance()
    later = built(team, production, with_video=False)
    path = taken(team, later, tmp_path)
    verified(path)
    with zipfile.ZipFile(path) as archive:
        events = json.loads(archive.read("evidence.json"))["events"]
    assert "consents.consent.withdrawn" in {entry["event"]["name"] for entry in events}


def test_what_the_log_does_not_cover_yet_is_waited_for(team: people.Team) -> None:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.voice_ready(team)
    people.consent_make(team, likeness, permitted_changes=["expression"])
    production = world.sealed_make(team, likeness)
    pack = ask(team, production)
    with pytest.raises(Unavailable):
        pack_build(pack.pk)
    assert pack_state(pack_get(team.auditor, pack.pk)) == "waiting"
    log_advance()
    pack_build(pack.pk)
    assert pack_state(pack_get(team.auditor, pack.pk)) == "ready"


def a_key_elsewhere(data: bytes, algorithm: str) -> bytes:
    """A key service of the operator's: the development key, behind a function."""
    assert algorithm == "es256"
    path = Path(configured.RAKKAN_KEYS) / "evidence_key.pem"
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def a_key_that_is_away(data: bytes, algorithm: str) -> bytes:
    raise TimeoutError("the key service is away")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"python:{__name__}.a_key_that_is_away", "signing-unavailable"),
        ("carrier-pigeon:roof", "signer-address"),
        ("vault+http://127.0.0.1:9/transit/packs", "signing-unavailable"),
    ],
)
def test_a_pack_waits_for_its_key_and_is_built_when_it_answers(
    team: people.Team,
    production: Production,
    settings: Settings,
    tmp_path: Path,
    address: str,
    code: str,
) -> None:
    evidence_signer_forget()
    settings.RAKKAN_EVIDENCE_SIGNER = address
    pack = ask(team, production, with_video=False)
    with pytest.raises(Unavailable) as told:
        pack_build(pack.pk)
    assert told.value.code == code
    assert pack_state(pack_get(team.auditor, pack.pk)) == "waiting"

    settings.RAKKAN_EVIDENCE_SIGNER = f"python:{__name__}.a_key_elsewhere"
    pack_build(pack.pk)

    evidence_signer_forget()
    verified(taken(team, pack_get(team.auditor, pack.pk), tmp_path))


def test_a_pack_that_our_own_verifier_refuses_is_never_handed_out(
    team: people.Team, production: Production, settings: Settings, tmp_path: Path
) -> None:
    """Here because the worker was given a key that the trust folder knows nothing of."""
    settings.RAKKAN_KEYS = str(development_keys(tmp_path / "other").keys)
    evidence_signer.cache_clear()
    try:
        pack = built(team, production)
    finally:
        evidence_signer.cache_clear()
    assert pack_state(pack) == "failed"
    assert pack.end.reason == "not-provable-signature"
    assert not PackFile.objects.filter(pack=pack).exists()
    with pytest.raises(Refused):
        pack_deliver(user=team.auditor, pack_id=pack.pk)


def test_a_pack_ends_with_its_term_and_its_file_is_deleted(
    team: people.Team, production: Production
) -> None:
    pack = built(team, production)
    sha256 = pack.ready.file.file_sha256
    assert packs_expire() == 0
    with patch.object(timezone, "now", return_value=timezone.now() + timedelta(days=15)):
        assert packs_expire() == 1
        assert packs_expire() == 0
    with pytest.raises(RakkanError):
        blob_open(Area.PACKS, sha256)
    with pytest.raises(Refused) as refused:
        pack_deliver(user=team.auditor, pack_id=pack.pk)
    assert refused.value.status == 410
    assert {"evidence.pack.ended", "evidence.pack.refused"} < set(names_about(pack))


def test_an_erasure_takes_the_packs_along(team: people.Team, production: Production) -> None:
    pack, waiting = built(team, production), ask(team, production, with_video=False)
    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)
    for each in (pack, waiting):
        assert pack_get(team.auditor, each.pk).end.reason == "erased"
    pack_build(waiting.pk)
    assert not PackReady.objects.filter(pack=waiting).exists()
    with pytest.raises(RakkanError):
        blob_open(Area.PACKS, pack.ready.file.file_sha256)
    with pytest.raises(Refused):
        ask(team, production, with_video=False)


def test_who_is_erased_while_a_pack_is_built_is_in_none(
    team: people.Team, production: Production
) -> None:
    pack = ask(team, production, with_video=False)

    def erased(*args: object, **kwargs: object) -> object:
        erasure, _ = erasure_ask(user=team.person)
        erasure_carry_out(erasure.pk)
        return write(*args, **kwargs)  # type: ignore[arg-type]

    write = building.pack_write
    with patch.object(building, "pack_write", erased):
        pack_build(pack.pk)
    assert not PackReady.objects.filter(pack=pack).exists()
    assert PackEnd.objects.get(pack=pack).reason == "erased"


def test_nobody_of_another_organisation_learns_of_a_pack(
    team: people.Team, production: Production
) -> None:
    pack = built(team, production)
    other = people.team_make()
    with pytest.raises(NotFound):
        pack_get(other.auditor, pack.pk)
    stranger = people.signed_in(other.auditor)
    assert stranger.get(f"/api/v1/packs/{pack.pk}/file").status_code == 404
    assert stranger.get(f"/api/v1/productions/{production.pk}/evidence").status_code == 404
    asked = {"language": "en", "with_video": False}
    assert stranger.post(f"/api/v1/productions/{production.pk}/packs", asked).status_code == 404
    knocks = Event.objects.filter(actor_id=other.auditor.pk, data__code="not-found")
    assert {(event.name, event.object_id) for event in knocks} == {
        ("evidence.pack.refused", str(pack.pk)),
        ("evidence.pack.refused", str(production.pk)),
        ("releases.release.refused", str(production.pk)),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_pack SET language = 'en'",
        "DELETE FROM evidence_packready",
        "INSERT INTO evidence_packfile (id, pack_id, file_sha256, announced_at)"
        " SELECT gen_random_uuid(), pack_id, repeat('0', 64), now() FROM evidence_packend",
        "INSERT INTO evidence_pack (id, production_id, organisation_id, requested_by_id, language,"
        " with_video, requested_at, expires_at) SELECT gen_random_uuid(), p.id, p.organisation_id,"
        " p.requester_id, 'en', false, now(), now() + interval '1 day'"
        " FROM productions_production p WHERE p.state = 'draft'",
    ],
)
def test_the_database_keeps_packs_as_they_were(
    team: people.Team, production: Production, statement: str
) -> None:
    built(team, production)
    ended = ask(team, production, with_video=False)
    PackEnd.objects.create(pack=ended, reason="expired", ended_at=timezone.now())
    people.draft_make(team, production.likeness)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_pages_offer_a_pack_and_hand_it_over(team: people.Team, production: Production) -> None:
    client = Client()
    client.force_login(team.auditor)
    page = f"/productions/{production.pk}/packs"
    assert page in client.get(f"/productions/{production.pk}").content.decode()
    sent = client.post(page, {"language": "en", "with_video": "on"})
    assert sent.status_code == 302, sent.content
    pack = Pack.objects.get(production=production)
    assert "is being built" in client.get(page).content.decode()
    pack_build(pack.pk)
    shown = client.get(page).content.decode()
    assert f"/packs/{pack.pk}/file" in shown
    answer = client.get(f"/packs/{pack.pk}/file")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].endswith('.evidence.zip"')
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    japanese = client.get(page, HTTP_ACCEPT_LANGUAGE="ja").content.decode()
    assert "証跡パック" in japanese

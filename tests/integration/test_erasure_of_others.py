"""Whose data an erasure takes along: who is acted for, who is heard, whoever had an account."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from compliance.permit import MeasureResult, Verdict
from rakkan.accounts.roles import Role
from rakkan.accounts.services import totp_ensure
from rakkan.accounts.tasks import forget
from rakkan.audit.models import Event
from rakkan.consents.models import Withdrawal
from rakkan.consents.services import consent_grant
from rakkan.core.errors import RakkanError
from rakkan.core.requests import request_id_start
from rakkan.evidence.services import evidence_export
from rakkan.identity.models import BiometricConsent
from rakkan.identity.services import biometric_consent_grant
from rakkan.lifecycle.models import Step
from rakkan.lifecycle.services import (
    erasure_ask,
    erasure_carry_out,
    erasure_certificate,
    hold_end,
    hold_set,
)
from rakkan.likenesses.guardians import acts_for
from rakkan.likenesses.models import Likeness, Person, Voice
from rakkan.likenesses.services import likeness_add
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.guardian import guardianship_end
from rakkan.productions.services.preview import preview_request
from rakkan.vault.services import subject_is_erased
from tests.integration import people
from tests.integration.test_erasure import (
    LABEL,
    TITLE,
    TRANSCRIPT,
    assert_nothing_is_left,
    dump,
    likeness_of,
    needles,
    released,
    stored,
)
from tests.integration.test_guardians import consent_of, portrait_of, submitted_of
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db
CHILD = "Mika Minor"


def own_photo() -> SimpleUploadedFile:
    """Another photo than the one of whom somebody acts for."""
    with Image.open(people.portrait_file()) as image, io.BytesIO() as file:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(file, "PNG")
        return SimpleUploadedFile("own.png", file.getvalue(), "image/png")


def code_of(act: Any, **given: Any) -> str:
    with pytest.raises(RakkanError) as error:
        act(**given)
    return error.value.code


# -- who is acted for


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


def test_a_guardian_has_the_person_erased_and_keeps_their_own_account(team: people.Team) -> None:
    guardianship = people.represented_make(team)
    child = guardianship.person
    likeness = portrait_of(team, child)
    consent = consent_of(team, likeness)
    production = people.approve(team.approver, submitted_of(team, likeness))
    own = likeness_add(user=team.person, label=LABEL, portrait=own_photo())
    client = Client()
    client.force_login(team.person)
    assert "Erase their data" in client.get(f"/guardianships/{guardianship.pk}").content.decode()
    page = f"/guardianships/{guardianship.pk}/erasure"
    assert CHILD in client.get(page).content.decode()
    assert client.post(page, {}).status_code == 400  # no tick, no erasure

    answer = client.post(page, {"sure": "on"})

    found = re.search(r"/api/v1/erasures/([\w-]+)", answer.content.decode())
    assert found is not None
    assert Withdrawal.objects.filter(consent=consent).exists()
    production.refresh_from_db()
    assert production.state == "stopped"
    assert erasure_certificate(secret=found[1])["state"] == "under way"
    erasure_carry_out(child.erasure.pk)
    erasure_carry_out(child.erasure.pk)  # a repeated message
    request_id_start()

    certificate = Client().get(found[0]).json()
    assert certificate["state"] == "done"
    assert certificate["statement"]["person"] == str(child.pk)
    assert {step["name"] for step in certificate["statement"]["steps"]} == {s.value for s in Step}
    assert_nothing_is_left(dump(), "the database", [CHILD])
    assert not acts_for(team.person, child)
    assert subject_is_erased(child.pk)
    # The guardian is somebody else.
    team.person.refresh_from_db()
    assert team.person.is_active
    assert not subject_is_erased(team.person.pk)
    assert Likeness.objects.get(pk=own.pk).label == LABEL
    assert own.portrait_sha256 in stored()
    assert client.get("/my-data").status_code == 200
    assert client.get("/guardianships").status_code == 200
    assert client.post(page, {"sure": "on"}).status_code == 404


def test_only_who_acts_for_the_person_at_this_moment_asks_and_a_hold_refuses(
    team: people.Team,
) -> None:
    made = people.guardianship_make(team.person)
    stranger = people.user_make(team.organisation, Role.DEPICTED_PERSON)
    given = {"user": team.person, "person_id": made.person_id}
    assert code_of(erasure_ask, **given) == "not-found"  # nobody has looked at the evidence
    guardianship = people.represented_make(team)
    given["person_id"] = guardianship.person_id
    assert code_of(erasure_ask, user=stranger, person_id=guardianship.person_id) == "not-found"
    assert code_of(erasure_ask, user=team.approver, person_id=guardianship.person_id) == (
        "not-permitted"
    )

    hold = hold_set(
        user=team.approver,
        person_id=guardianship.person_id,
        reason="A dispute among heirs.",
        valid_until=datetime.now(UTC) + timedelta(days=30),
        told=True,
    )
    assert code_of(erasure_ask, **given) == "legal-hold"
    client = Client()
    client.force_login(team.person)
    page = client.get(f"/guardianships/{guardianship.pk}/erasure").content.decode()
    assert "A dispute among heirs." in page
    assert "A dispute among heirs." not in client.get("/my-data/erasure").content.decode()
    hold_end(user=team.approver, hold_id=hold.pk)

    api = people.signed_in(team.person)
    asked = api.post("/api/v1/me/erasure", {"person": str(guardianship.person_id)}, format="json")
    assert asked.status_code == 202, asked.json()
    assert code_of(erasure_ask, **given) == "erasure-asked"
    refusals = Event.objects.filter(name="lifecycle.erasure.refused")
    assert {row.data["code"] for row in refusals} >= {"not-found", "legal-hold", "erasure-asked"}


def test_an_erasure_goes_on_though_its_guardianship_has_ended_meanwhile(
    team: people.Team,
) -> None:
    guardianship = people.represented_make(team)
    portrait_of(team, guardianship.person)
    erasure, _ = erasure_ask(user=team.person, person_id=guardianship.person_id)
    guardianship_end(user=team.reviewer, guardianship_id=guardianship.pk)

    erasure_carry_out(erasure.pk)

    assert subject_is_erased(guardianship.person_id)
    assert erasure.steps.count() == len(Step)


def test_with_a_guardians_account_ends_what_they_allowed_for_others(team: people.Team) -> None:
    guardianship = people.represented_make(team)
    consent = consent_of(team, portrait_of(team, guardianship.person))
    client = Client()
    client.force_login(team.person)
    assert "persons whom you act for" in client.get("/my-data/erasure").content.decode()

    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)
    request_id_start()

    assert Withdrawal.objects.filter(consent=consent).exists()
    assert not acts_for(team.person, guardianship.person)
    assert Person.objects.get(pk=guardianship.person_id).name == CHILD, "who was not erased"


# -- acting alone


@pytest.mark.usefixtures("as_owner")
def test_a_minor_who_has_an_account_of_old_consents_to_nothing_alone(team: people.Team) -> None:
    """Such a row passes no constraint any more; the owner of the tables makes one here."""
    until = timezone.now() + timedelta(days=900)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        drop = "ALTER TABLE likenesses_person DROP CONSTRAINT person_acts_or_is_acted_for"
        cursor.execute(drop)
    Person.objects.create(
        organisation=team.organisation,
        user=team.person,
        person_class="minor",
        majority_at=until,
    )
    likeness = people.likeness_make(team)
    people.identity_make(team)
    terms = people.terms(valid_until=timezone.now() + timedelta(days=3))

    given = {"user": team.person, "trait": likeness, "terms": terms}
    assert code_of(consent_grant, **given) == "not-alone"
    assert code_of(biometric_consent_grant, user=team.person, agreed=True) == "not-alone"
    codes = Event.objects.filter(data__code="not-alone").values_list("name", flat=True)
    assert set(codes) == {"consents.consent.refused", "identity.check.refused"}

    adult = people.team_make()
    consent = people.consent_make(_verified(adult), people.likeness_make(adult))
    _refused_copy(
        consent, "by who acts for them", likeness_id=likeness.pk, granted_by_id=team.person.pk
    )
    biometric = biometric_consent_grant(user=adult.person, agreed=True)
    changed = {"person_id": likeness.person_id, "granted_by_id": team.person.pk}
    _refused_copy(biometric, "the adult it is of", **changed)


def _verified(team: people.Team) -> people.Team:
    people.identity_make(team)
    return team


def _refused_copy(row: Any, message: str, **changes: Any) -> None:
    """A copy of the row with these columns changed is refused by the table."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields if field.column != "id"]
    taken = ", ".join("%s" if column in changes else column for column in columns)
    values = [changes[column] for column in columns if column in changes]
    statement = (
        f"INSERT INTO {table} (id, {', '.join(columns)})"  # noqa: S608
        f" SELECT gen_random_uuid(), {taken} FROM {table} WHERE id = %s"
    )
    with pytest.raises(Error, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [*values, row.pk])


def test_nobody_consents_to_biometric_matching_for_whom_they_act_for(team: people.Team) -> None:
    child = people.represented_make(team).person
    given = {"user": team.person, "agreed": True, "person_id": child.pk}
    assert code_of(biometric_consent_grant, **given) == "biometric-not-for-others"
    api = people.signed_in(team.person)
    body = {"agreed": True, "person": str(child.pk)}
    answer = api.post("/api/v1/biometric-consents", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "biometric-not-for-others")
    client = Client()
    client.force_login(team.person)
    assert "for yourself only" in client.get("/identity/biometric-consent").content.decode()
    own = biometric_consent_grant(user=team.person, agreed=True)
    _refused_copy(own, "the adult it is of", person_id=child.pk)
    assert BiometricConsent.objects.count() == 1


# -- who is heard


def spoken_by_another(team: people.Team) -> tuple[Likeness, Voice, people.Team]:
    """A likeness of the team's person, and the voice of somebody else who consented to it."""
    likeness = likeness_of(team)
    speaker = replace(team, person=people.user_make(team.organisation, Role.DEPICTED_PERSON))
    people.identity_make(speaker)
    return likeness, people.voice_ready(speaker), speaker


def another_track() -> SimpleUploadedFile:
    """What is heard in the video: other bytes than anybody's sample."""
    return SimpleUploadedFile("track.wav", people.voice_file().read() + bytes(8), "audio/wav")


def drafted(team: people.Team, cast: Cast) -> Production:
    """A draft whose voice track was measured."""
    made = production_create(
        user=team.requester, cast=cast, draft=people.draft(), voice=people.voice_file()
    )
    people.measured(made.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
    return Production.objects.get(pk=made.pk)


def words_of(production: Production) -> list[Any]:
    """What a reader sees of what was spoken."""
    request_id_start()
    row = Production.objects.get(pk=production.pk)
    measured = row.voice_measurement
    return [row.transcript, row.request, row.salt, measured.facts, measured.findings, row.heard]


@pytest.mark.parametrize("who", ["heard", "seen"])
def test_what_was_spoken_ends_with_either_who_is_heard_or_who_is_seen(
    team: people.Team, who: str
) -> None:
    likeness, voice, speaker = spoken_by_another(team)
    production = released(team, likeness, 1, Cast(likeness, voice), another_track())
    other = released(team, likeness, 2, Cast(likeness, voice), another_track())
    shown = words_of(production)
    assert shown[0] == TRANSCRIPT
    assert shown[3]["said"] == TRANSCRIPT
    assert shown[5] == TRANSCRIPT
    digest = production.request_digest

    erasure, _ = erasure_ask(user=(speaker if who == "heard" else team).person)
    erasure_carry_out(erasure.pk)

    assert words_of(production) == ["", None, "", {}, [], ""]
    assert words_of(other) == ["", None, "", {}, [], ""]
    assert_nothing_is_left(dump(), "the database", [TRANSCRIPT])
    row = Production.objects.get(pk=production.pk)
    assert (row.state, row.request_digest) == ("revoked", digest)
    assert production.voice_sha256 not in stored()
    assert row.rendering.file_sha256 not in stored()
    with pytest.raises(RakkanError):
        evidence_export(user=team.auditor, production_id=production.pk)
    if who == "heard":
        assert row.title == f"{TITLE} 1", "it is of the person who is seen, and they are there"
        assert likeness.portrait_sha256 in stored()


@pytest.mark.parametrize("who", ["heard", "seen"])
def test_a_hold_keeps_what_is_about_both_and_its_reason_from_the_other(
    team: people.Team, who: str
) -> None:
    likeness, voice, speaker = spoken_by_another(team)
    drafted(team, Cast(likeness, voice))
    held, asking = (voice, team.person) if who == "heard" else (likeness, speaker.person)
    hold = hold_set(
        user=team.approver,
        person_id=held.person_id,
        reason="Lawsuit 7",
        valid_until=datetime.now(UTC) + timedelta(days=30),
        told=True,
    )

    with pytest.raises(RakkanError, match="somebody else is seen or heard") as refused:
        erasure_ask(user=asking)
    assert refused.value.code == "legal-hold"
    assert "Lawsuit" not in str(refused.value)
    hold_end(user=team.approver, hold_id=hold.pk)
    erasure_ask(user=asking)


def test_a_preview_in_which_somebody_is_heard_goes_with_their_erasure(team: people.Team) -> None:
    likeness, voice, speaker = spoken_by_another(team)
    draft = drafted(team, Cast(likeness, voice))
    production = people.submit(team.requester, draft)
    preview = preview_request(user=team.requester, production_id=production.pk)
    data = b"the bytes of preview " + preview.asset_id.encode()
    people.preview_handed_in(preview, data, render_result(data))
    name = hashlib.sha256(data).hexdigest()
    assert name in stored()

    erasure, _ = erasure_ask(user=speaker.person)
    erasure_carry_out(erasure.pk)

    assert name not in stored()


def test_who_speaks_for_themself_is_sealed_under_one_key(team: people.Team) -> None:
    likeness = likeness_of(team)
    released(team, likeness, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(transcript) FROM productions_production")
        (sealed,) = cursor.fetchone()
    plain = len(json.dumps(TRANSCRIPT, ensure_ascii=False).encode())
    assert sealed == 17 + 16 + plain, "version, subject, tag and the text"


# -- whoever had an account


SIGN_IN = {
    "email": "Dana.Sign.In@private.example",
    "uid": "subject-of-dana-4711",
    "extra": "Dana at the provider",
    "token": "access-token-of-dana",
    "agent": "Danas Browser 7.0",
    "address": "203.0.113.77",
    "key": "passkey of Dana",
    "session": "0danasession0danasession0danases",
}


def test_the_tables_of_signing_in_hold_nothing_of_an_erased_person(team: people.Team) -> None:
    user = team.person
    client = Client(headers={"user-agent": SIGN_IN["agent"]}, REMOTE_ADDR=SIGN_IN["address"])
    answer = client.post("/sign-in", {"login": user.email, "password": people.PASSWORD})
    assert answer.status_code == 302
    client.get("/my-data")
    people.signed_in(user)
    email = EmailAddress.objects.create(user=user, email=SIGN_IN["email"], verified=True)
    EmailConfirmation.objects.create(email_address=email, key="confirmation-key-of-dana")
    account = SocialAccount.objects.create(
        user=user, provider="acme", uid=SIGN_IN["uid"], extra_data={"name": SIGN_IN["extra"]}
    )
    SocialToken.objects.create(account=account, token=SIGN_IN["token"], token_secret="secret-dana")  # noqa: S106
    Authenticator.objects.create(user=user, type="webauthn", data={"name": SIGN_IN["key"]})
    UserSession.objects.get_or_create(
        user=user,
        session_key=SIGN_IN["session"],
        defaults={"ip": SIGN_IN["address"], "user_agent": SIGN_IN["agent"]},
    )
    client.post("/password-reset", {"email": user.email})
    totp_ensure(user=user, secret=people.TOTP_SECRET)
    halfway = Client()  # the password is right, the code is still to come
    halfway.post("/sign-in", {"login": user.email, "password": people.PASSWORD})
    begun = [one for one in Session.objects.all() if SESSION_KEY not in one.get_decoded()]
    assert [one for one in begun if str(user.pk) in json.dumps(one.get_decoded(), default=str)]
    words = [*SIGN_IN.values(), user.email, user.name, "confirmation-key-of-dana", "secret-dana"]
    before = dump()
    there = [word for word in words if any(needle in before for needle in needles([word]))]
    assert there == words
    caches["default"].set("address 203.0.113.77", 1)  # as throttles do

    erasure, _ = erasure_ask(user=user)
    erasure_carry_out(erasure.pk)

    left = {word for word in words if any(needle in dump() for needle in needles([word]))}
    assert left == set()
    _assert_no_row_names(user.pk)
    for session in Session.objects.all():  # packed: a search of the table does not see it
        assert str(user.pk) not in json.dumps(session.get_decoded(), default=str)


def test_sessions_and_attempts_that_ran_out_are_forgotten(team: people.Team) -> None:
    client = Client(headers={"user-agent": SIGN_IN["agent"]}, REMOTE_ADDR=SIGN_IN["address"])
    client.post("/sign-in", {"login": team.person.email, "password": people.PASSWORD})
    client.get("/my-data")
    assert UserSession.objects.filter(user=team.person).exists()
    assert rows_of("core_cache") > 0
    forget()
    assert UserSession.objects.filter(user=team.person).exists(), "it has not run out"

    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_cache SET expires = now() - interval '1 minute'")
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    forget()

    assert not UserSession.objects.filter(user=team.person).exists()
    assert (rows_of("core_cache"), Session.objects.count()) == (0, 0)


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(cursor.fetchone()[0])


def _assert_no_row_names(user_id: object) -> None:
    """No row of a package's table names the account any more."""
    ours = tuple(f"{app.label}_" for app in apps.get_app_configs() if app.name[:7] == "rakkan.")
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(ours) and table != "core_cache":
                continue
            statement = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s'  # noqa: S608
            cursor.execute(statement, [f"%{user_id}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    assert found == []

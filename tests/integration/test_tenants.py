"""Another organisation's objects do not exist: at every address, for every role, in every list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from rakkan.audit.models import Event
from rakkan.productions.models import Production
from tests.access_table import TABLE, Endpoint, Who
from tests.integration.routes import parameters
from tests.integration.world import (
    World,
    ask,
    fingerprint,
    own_settings,
    undone,
    world_make,
)

pytestmark = pytest.mark.django_db  # each test is a savepoint in the transaction of the worlds

# A worker serves every organisation, and a status tells anybody what the mark in a video says;
# a new password is set by whoever has the mail, a provider is asked before anybody is signed in,
# whoever was erased has no account left, only the secret in the address, and the log's hashes are
# for everybody, as are the manifests that released files carry.
ALL_ORGANISATIONS = (
    *("worker/", "status/", "password-reset/", "sign-in/with/", "log/", "c2pa/"),
    "api/v1/erasures/",
)
OF_OBJECTS = [
    (method, path)
    for method, path in TABLE
    if parameters(path) and not path.startswith(ALL_ORGANISATIONS)
]
LISTS = [
    (method, path)
    for method, path in TABLE
    if method == "GET" and not parameters(path) and not path.startswith(ALL_ORGANISATIONS)
]
MADE_OF_OBJECTS = [  # a POST without an id in its address that names an object in its body
    ("POST", "api/v1/consents"),
    ("POST", "consents/new"),
    ("POST", "api/v1/productions"),
    ("POST", "productions/new"),
    ("POST", "approvals/delegations"),
    ("POST", "identity/remote/challenge"),
    ("POST", "api/v1/delegations"),
]


@dataclass(frozen=True)
class Worlds:
    """The objects that are asked for, and the organisation of whoever asks."""

    theirs: World
    own: World


@pytest.fixture(scope="module", autouse=True)
def fast_passwords_and_own_blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For the whole module, because its worlds are."""
    with own_settings(tmp_path_factory.mktemp("blobs")):
        yield


@pytest.fixture(scope="module")
def worlds(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, fast_passwords_and_own_blobs: None
) -> Iterator[Worlds]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Worlds(world_make(), world_make())
        transaction.set_rollback(True)


@pytest.mark.parametrize("endpoint", OF_OBJECTS, ids=" ".join)
def test_an_object_of_another_organisation_is_not_there(worlds: Worlds, endpoint: Endpoint) -> None:
    method, path = endpoint
    leads_to_its_page = method == "GET" and ("POST", path) in TABLE and "<" in path
    before = fingerprint()
    for who in Who:
        with undone():
            answer = ask(worlds.theirs, who, method, path, worlds.own)
            said = f"a foreign {who.value}: {method} /{path} answers {answer.status_code}"
            if answer.status_code == 302 and leads_to_its_page:
                assert not answer.body
            elif who in (Who.ANONYMOUS, Who.WORKER):
                assert answer.status_code in (302, 401), said
            else:
                assert answer.status_code in (403, 404), said
            assert not _told(worlds.theirs, answer.body, path), said
            assert fingerprint() == before, f"{said}, and something has changed"


@pytest.mark.parametrize("endpoint", MADE_OF_OBJECTS, ids=" ".join)
def test_nothing_is_made_of_another_organisations_objects(
    worlds: Worlds, endpoint: Endpoint
) -> None:
    before = fingerprint()
    for who in worlds.own.users:
        with undone():
            answer = ask(worlds.theirs, who, *endpoint, worlds.own)
            said = f"a foreign {who.value}: {' /'.join(endpoint)} answers {answer.status_code}"
            assert answer.status_code in (400, 403, 404), said
            assert fingerprint() == before, f"{said}, and something has changed"


@pytest.mark.parametrize("endpoint", LISTS, ids=" ".join)
def test_a_list_shows_no_row_of_another_organisation(worlds: Worlds, endpoint: Endpoint) -> None:
    for who in Who:
        with undone():
            answer = ask(worlds.theirs, who, *endpoint, worlds.own)
            said = f"a foreign {who.value}: {' /'.join(endpoint)} shows"
            assert not _told(worlds.theirs, answer.body), said


def test_the_lists_do_show_the_rows_of_the_own_organisation(worlds: Worlds) -> None:
    """Else the test above would pass with lists that are always empty."""
    own = worlds.own
    for who, path, row in (
        (Who.COLLEAGUE, "api/v1/likenesses", own.likeness),
        (Who.COLLEAGUE, "likenesses", own.likeness),
        (Who.REVIEWER, "api/v1/identity-checks", own.check),
        (Who.REVIEWER, "identity", own.check),
        (Who.APPROVER, "api/v1/consents", own.consent),
        (Who.APPROVER, "approvals", own.waiting),
        (Who.AUDITOR, "api/v1/productions", own.waiting),
        (Who.AUDITOR, "productions", own.waiting),
        (Who.AUDITOR, "api/v1/events", own.closed),  # the newest are shown first
        (Who.ADMINISTRATOR, "api/v1/people", own.deputy),
        (Who.ADMINISTRATOR, "people", own.deputy),
        (Who.OPERATOR, "api/v1/operations", own.queued),
        (Who.OPERATOR, "operations", own.queued),
        (Who.ADMINISTRATOR, "policies", own.policy),
        (Who.ADMINISTRATOR, "api/v1/policies", own.policy),
        (Who.ADMINISTRATOR, "api/v1/forbidden-uses", own.forbidden),
        (Who.ADMINISTRATOR, "api/v1/rule-changes", own.change),
        (Who.APPROVER, "api/v1/delegations", own.delegation),
    ):
        with undone():
            answer = ask(own, who, "GET", path)
            assert str(row.pk).encode() in answer.body, f"{who.value} misses {row!r} in {path}"


def test_evidence_names_nobody_of_another_organisation_who_knocked(worlds: Worlds) -> None:
    theirs, own = worlds.theirs, worlds.own
    path = "api/v1/productions/<uuid:production_id>"
    for who in own.users:
        for act in ("submit", "cancel", "decision", "video"):
            method = "GET" if act == "video" else "POST"
            released = World(**{**vars(theirs), "draft": theirs.released})
            released.waiting = theirs.released
            ask(released, who, method, f"{path}/{act}", own)
    strangers = [str(user.pk) for user in own.users.values()]
    assert Event.objects.filter(actor_id__in=strangers, object_id=theirs.released.pk).exists()

    evidence = json.loads(ask(theirs, Who.AUDITOR, "GET", f"{path}/evidence").body)

    actors = {entry["event"]["actor_id"] for entry in evidence["events"]}
    assert actors.isdisjoint(strangers)
    assert str(theirs.users[Who.APPROVER].pk) in actors


def _told(world: World, body: bytes, path: str = "") -> list[str]:
    """What an answer tells of a world; the id that was asked for may come back in a refusal."""
    asked = {str(value) for value in world.values(path).values()} if path else set()
    return [item for item in world.ids() if item not in asked and item.encode() in body]


def test_another_organisations_video_and_none_at_all_are_answered_alike(worlds: Worlds) -> None:
    path = "api/v1/productions/<uuid:production_id>/video"
    nothing = World(**{**vars(worlds.theirs), "released": Production()})
    for who in worlds.own.users:
        with undone():
            foreign = ask(worlds.theirs, who, "GET", path, worlds.own)
            none = ask(nothing, who, "GET", path, worlds.own)
            assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found"), who
            assert (none.status_code, none.json()["code"]) == (404, "not-found"), who

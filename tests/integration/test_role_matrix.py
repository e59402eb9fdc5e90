"""Who may do what: every role at every address and method that the URL configuration knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from rakkan.audit.models import Event
from rakkan.core.errors import NotPermitted
from tests.access_table import TABLE, Endpoint, Who, document
from tests.integration import people
from tests.integration.routes import routes
from tests.integration.world import (
    World,
    ask,
    fingerprint,
    own_settings,
    refused,
    undone,
    world_make,
)

pytestmark = pytest.mark.django_db  # each test is a savepoint in the transaction of the world


@pytest.fixture(scope="module", autouse=True)
def fast_passwords_and_own_blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For the whole module, because its world is."""
    with own_settings(tmp_path_factory.mktemp("blobs")):
        yield


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, fast_passwords_and_own_blobs: None
) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield world_make()
        transaction.set_rollback(True)


@pytest.mark.parametrize("endpoint", TABLE, ids=" ".join)
def test_an_endpoint_serves_those_it_is_for_and_nobody_else(
    world: World, endpoint: Endpoint
) -> None:
    method, path = endpoint
    before = fingerprint()
    for who in Who:
        with undone():
            answer = ask(world, who, method, path)
            said = f"{who.value}: {method} /{path} answers {answer.status_code}"
            if who in TABLE[endpoint]:
                assert not refused(answer), f"{said}, and the table says they may"
                assert answer.status_code < 400, f"{said}: {answer.body[:400]!r}"
            else:
                # 400: a form offers a caller only what is theirs, so the rest is no choice in it
                form = method == "POST" and path.endswith("/new") and answer.status_code == 400
                assert refused(answer) or form, f"{said}, and the table says they may not"
                assert fingerprint() == before, f"{said}, and something has changed"


def test_every_endpoint_has_a_row_and_every_row_an_endpoint(world: World) -> None:
    there = {(method, route.path) for route in routes() for method in route.methods()}

    new = sorted(f"{method} /{path}" for method, path in there - set(TABLE))
    gone = sorted(f"{method} /{path}" for method, path in set(TABLE) - there)

    assert not new, (
        f"Nobody has said who may use: {', '.join(new)}. Add each to SECTIONS in"
        " tests/access_table.py, and what it takes to _body in tests/integration/world.py."
    )
    assert not gone, f"No longer there: {', '.join(gone)}. Remove them from tests/access_table.py."


def test_a_refusal_of_somebody_who_holds_many_roles_is_in_the_log(world: World) -> None:
    roles = people.every_sighted_role()
    somebody = people.user_make(world.team.organisation, *roles)

    with pytest.raises(NotPermitted):  # all of them, and still not the person in the picture
        people.consent_make(replace(world.team, person=somebody), world.likeness)

    refusal = Event.objects.get(actor_id=somebody.pk, name="consents.consent.refused")
    assert set(refusal.actor_role.split("+")) == {role.value for role in roles}


def test_the_published_table_is_current(checkout: Path) -> None:
    published = (checkout / "docs" / "access.md").read_text(encoding="utf-8")
    assert published == document(), "run: python -m tests.access_table > docs/access.md"

"""Whose rows the work at hand may see: declared anew for everything, never left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from rakkan.accounts.models import User
from rakkan.core import tenancy
from rakkan.core.postgres.base import DatabaseWrapper
from rakkan.core.tenancy import as_nobody, as_organisation, as_system
from rakkan.likenesses.models import Likeness
from rakkan.productions.models import Production
from tests.databases import ROOT, environment_now
from tests.integration import people

pytestmark = pytest.mark.django_db


def everything(request: HttpRequest) -> JsonResponse:
    """A view whose author forgot to ask for the organisation."""
    if "dies" in request.GET:
        list(Production.objects.all())
        raise RuntimeError("in the middle of its work")
    return JsonResponse({"ids": [str(row.pk) for row in Production.objects.all()]})


def anything(request: HttpRequest) -> JsonResponse:
    """One that looks into other tables, and changes what it finds."""
    changed = User.objects.update(name="Changed")
    return JsonResponse({"changed": changed, "likenesses": Likeness.objects.count()})


urlpatterns = [
    path("everything", everything),
    path("anything", anything),
    path("", include("rakkan.config.urls")),
]


@pytest.fixture
def forgetful(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def told() -> str:
    """What PostgreSQL holds the session for."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT current_setting('{tenancy.SETTING}', true)")
        return str(cursor.fetchone()[0])


@pytest.mark.usefixtures("forgetful")
def test_a_view_that_forgot_to_filter_shows_and_changes_nothing_foreign() -> None:
    own, theirs = people.team_make(), people.team_make()
    mine, foreign = people.submitted_make(own), people.submitted_make(theirs)

    client = client_of(own.requester)
    assert client.get("/everything").json()["ids"] == [str(mine.pk)]
    answer = client.get("/anything").json()

    assert answer["changed"] == User.objects.filter(organisation=own.organisation).count()
    assert answer["likenesses"] == 1
    assert not User.objects.filter(organisation=theirs.organisation, name="Changed").exists()
    assert Production.objects.filter(pk=foreign.pk).exists(), "the tests themselves see all"


@pytest.mark.usefixtures("forgetful")
def test_whoever_is_not_signed_in_sees_no_row() -> None:
    people.submitted_make(people.team_make())

    assert Client().get("/everything").json()["ids"] == []
    assert Client().get("/anything").json() == {"changed": 0, "likenesses": 0}


@pytest.mark.usefixtures("forgetful")
def test_a_request_that_dies_leaves_nothing_behind() -> None:
    own, theirs = people.team_make(), people.team_make()
    mine = people.submitted_make(own)
    people.submitted_make(theirs)

    with as_nobody():  # as a web process is between its requests
        assert client_of_system(theirs.requester).get("/everything?dies").status_code == 500
        assert Production.objects.count() == 0
        assert told() == tenancy.NOBODY
        assert client_of_system(own.requester).get("/everything").json()["ids"] == [str(mine.pk)]
        assert Client().get("/everything").json()["ids"] == []


def client_of_system(user: User) -> Client:
    with as_system():
        return client_of(user)


def test_a_rollback_takes_the_scope_of_no_later_statement_back() -> None:
    own, theirs = str(uuid4()), str(uuid4())

    with as_organisation(own):
        assert told() == own
        with transaction.atomic():
            with as_organisation(theirs):
                assert told() == theirs
            assert told() == own
            with as_system():
                assert told() == tenancy.SYSTEM
            transaction.set_rollback(True)
        assert told() == own
        with as_nobody(), transaction.atomic():
            assert told() == tenancy.NOBODY
            transaction.set_rollback(True)
        assert told() == own


def test_a_scope_that_changes_in_a_failed_transaction_hides_the_failure_from_nobody() -> None:
    with pytest.raises(Exception, match="does not exist"), transaction.atomic(), as_nobody():
        connection.cursor().execute("SELECT no_such_column")
    assert told() == tenancy.SYSTEM


def test_a_session_from_a_pool_is_told_anew() -> None:
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1}}
    pooled = DatabaseWrapper(
        {**connection.settings_dict, "OPTIONS": options, "CONN_MAX_AGE": 0}, alias="default"
    )
    asked = f"SELECT pg_backend_pid(), current_setting('{tenancy.SETTING}', true)"
    answers = []
    try:
        for scope in (as_system(), as_nobody()):
            with scope, pooled.cursor() as cursor:
                cursor.execute(asked)
                answers.append(cursor.fetchone())
            pooled.close()  # back into the pool, where it keeps what it was told
    finally:
        pooled.close_pool()

    assert answers[0][0] == answers[1][0], "the same session"
    assert [told for _, told in answers] == [tenancy.SYSTEM, tenancy.NOBODY]


def test_threads_do_not_share_a_scope() -> None:
    seen: dict[str, str] = {}
    both = Barrier(2, timeout=30)

    def work(organisation: str) -> None:
        with as_organisation(organisation):
            both.wait()
            seen[organisation] = tenancy.scope()
            both.wait()

    names = [str(uuid4()), str(uuid4())]
    threads = [Thread(target=work, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {name: name for name in names}


def test_narrowing_ends_with_the_block_around_it() -> None:
    with as_nobody():
        tenancy.serve_organisation("one")
        with as_system():
            tenancy.serve_organisation("another")
        assert tenancy.scope() == "one"
    tenancy.serve_organisation("one")  # no request: the process keeps what it declared
    assert tenancy.scope() == tenancy.SYSTEM


@pytest.mark.parametrize(
    ("starts_as", "scope"),
    [
        ("import rakkan.config.wsgi", tenancy.NOBODY),
        ("import django; django.setup()", tenancy.NOBODY),
        (
            "from rakkan.config.celery import app; from celery.signals import worker_init;"
            " worker_init.send(sender=app)",
            tenancy.SYSTEM,
        ),
    ],
)
def test_a_process_is_nobodys_until_it_says_otherwise(starts_as: str, scope: str) -> None:
    program = f"{starts_as}; from rakkan.core.tenancy import scope; print(scope())"
    environment = environment_now() | {"DJANGO_SETTINGS_MODULE": "rakkan.config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split()[-1] == scope


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    assert tenancy.scope() == tenancy.SYSTEM

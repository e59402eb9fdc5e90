"""Where the rules want it, nothing is released that other people have not watched."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import Error, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Workflow
from rakkan.approvals.services import Seen
from rakkan.audit.models import Event
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.lifecycle.services import hold_end, hold_set, removals_resume
from rakkan.productions.models import Production
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.review import production_review, result_watch
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Delivery, GateReport, Release, Removal, Sealing
from tests.integration import people
from tests.integration.world import sealed_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


def finished(team: people.Team, reviewers: int = 1) -> Production:
    """A sealed production that waits to be watched."""
    people.second_gate(team, reviewers=reviewers)
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = sealed_make(team, likeness)
    assert production.state == "in_review", production.problem
    return production


def say(user: User, production: Production, accepted: bool, comment: str = "") -> Production:
    people.confirm(user)
    sealing = Sealing.objects.get(subject_id=production.pk)
    seen = Seen(accepted, sealing.file_sha256, comment)
    return production_review(user=user, production_id=production.pk, seen=seen)


def refused(sql: str, *values: object) -> str:
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


def test_it_is_released_once_as_many_people_as_the_policy_says_have_accepted_it(
    team: people.Team,
) -> None:
    production = finished(team, reviewers=2)
    second = people.user_make(team.organisation, Role.APPROVER)
    production_finish(production.pk)
    assert not Release.objects.exists()

    say(team.approver, production, accepted=True)
    production_finish(production.pk)
    production.refresh_from_db()
    assert production.state == "in_review"
    say(second, production, accepted=True)
    production_finish(production.pk)

    production.refresh_from_db()
    assert production.state == "released"
    assert GateReport.objects.filter(subject_id=production.pk).count() == 2, "the gate ran anew"
    told = Event.objects.filter(object_id=production.pk, name="approvals.review.recorded")
    assert told.count() == 2


def test_a_message_that_was_lost_after_the_last_yes_is_sent_again(team: people.Team) -> None:
    production = finished(team)
    sent = production.seal_sent_at
    reconcile()
    production.refresh_from_db()
    assert production.seal_sent_at == sent, "it is people's move"
    say(team.approver, production, accepted=True)
    later = timezone.now() + timedelta(minutes=1)
    with patch.object(timezone, "now", lambda: later):
        reconcile()
    production.refresh_from_db()
    assert production.seal_sent_at != sent


def test_watching_is_an_event_and_no_delivery(team: people.Team) -> None:
    production = finished(team)
    client = Client()
    client.force_login(team.approver)

    answer = client.get(f"/productions/{production.pk}/result")

    assert answer.status_code == 200
    assert len(b"".join(answer.streaming_content)) > 1000
    assert "no-store" in answer["Cache-Control"]
    assert Event.objects.filter(name="productions.result.watched").count() == 1
    assert not Delivery.objects.exists()
    page = client.get(f"/productions/{production.pk}").content.decode()
    assert f"/productions/{production.pk}/result" in page
    assert "productions/" in client.get("/approvals").content.decode()


def test_neither_requester_nor_who_is_seen_or_heard_nor_a_stranger_counts(
    team: people.Team,
) -> None:
    production = finished(team)
    stranger = people.user_make(people.team_make().organisation, Role.APPROVER)
    for user, error in (
        (team.requester, NotPermitted),
        (team.person, NotPermitted),
        (team.auditor, NotPermitted),
        (stranger, NotFound),
    ):
        with pytest.raises(error):
            result_watch(user=user, production_id=production.pk)
        with pytest.raises(error):
            say(user, production, accepted=True)


def test_a_word_is_about_the_file_that_was_watched_and_said_once(team: people.Team) -> None:
    production = finished(team, reviewers=2)
    people.confirm(team.approver)
    seen = Seen(True, "0" * 64)
    with pytest.raises(Refused) as other:
        production_review(user=team.approver, production_id=production.pk, seen=seen)
    assert other.value.code == "digest-mismatch"
    with pytest.raises(BadInput):
        say(team.approver, production, accepted=False)
    say(team.approver, production, accepted=True)
    with pytest.raises(Refused) as again:
        say(team.approver, production, accepted=True)
    assert again.value.code == "already-decided"


def test_whoever_says_so_has_confirmed_just_now_that_it_is_them(team: people.Team) -> None:
    production = finished(team)
    sealing = Sealing.objects.get(subject_id=production.pk)
    later = timezone.now() + timedelta(minutes=6)
    seen = Seen(True, sealing.file_sha256)
    with patch.object(timezone, "now", lambda: later), pytest.raises(NotPermitted) as refusal:
        production_review(user=team.approver, production_id=production.pk, seen=seen)
    assert refusal.value.code == "reauthentication-needed"


def test_a_no_stops_it_and_destroys_its_files(
    team: people.Team, django_capture_on_commit_callbacks: Any
) -> None:
    production = finished(team)
    with django_capture_on_commit_callbacks(execute=True):
        say(team.approver, production, accepted=False, comment="The lips are late.")

    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == ("stopped", "review-refused")
    assert_gone(production)


def test_a_crash_after_the_no_leaves_the_files_to_the_beat(team: people.Team) -> None:
    production = finished(team)
    say(team.approver, production, accepted=False, comment="The lips are late.")
    assert not Removal.objects.exists()

    removals_resume()

    assert_gone(production)


def test_a_legal_hold_keeps_the_files_until_it_ends_and_is_not_tried_against(
    team: people.Team, caplog: pytest.LogCaptureFixture
) -> None:
    production = finished(team)
    hold = hold_set(
        user=team.approver,
        person_id=production.likeness.person_id,
        reason="A lawsuit",
        valid_until=timezone.now() + timedelta(days=9),
        told=False,
    )
    say(team.approver, production, accepted=False, comment="The lips are late.")

    with caplog.at_level(logging.INFO), CaptureQueriesContext(connection) as asked:
        removals_resume()
        removals_resume()
    assert not any("INSERT" in query["sql"] for query in asked), "nothing the database refuses"
    assert caplog.records == []
    sha256 = Sealing.objects.get(subject_id=production.pk).file_sha256
    assert storages["blobs"].exists(f"quarantine/{sha256[:2]}/{sha256}")
    assert not Removal.objects.exists()

    hold_end(user=team.approver, hold_id=hold.pk)
    removals_resume()
    assert_gone(production)


def assert_gone(production: Production) -> None:
    sealing = Sealing.objects.get(subject_id=production.pk)
    for sha256 in (sealing.file_sha256, sealing.source_sha256):
        assert not storages["blobs"].exists(f"quarantine/{sha256[:2]}/{sha256}")
    assert Removal.objects.get(sealing=sealing)
    assert Event.objects.filter(name="releases.files.destroyed", object_id=production.pk).exists()


def test_nobody_watches_it_any_more_once_the_consent_is_withdrawn(team: people.Team) -> None:
    production = finished(team)
    assert production.consent_id is not None
    withdraw(user=team.person, consent_id=production.consent_id)
    with pytest.raises(Refused):
        result_watch(user=team.approver, production_id=production.pk)
    production.refresh_from_db()
    assert production.state == "stopped"


def test_what_nobody_watches_in_time_lapses(team: people.Team) -> None:
    production = finished(team)
    over = Workflow.objects.get(subject_id=production.pk).expires_at
    with patch.object(timezone, "now", lambda: over):
        reconcile()
    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == ("stopped", "approval-expired")


def test_the_database_refuses_a_release_that_was_not_watched(team: people.Team) -> None:
    production = finished(team)
    gate = GateReport.objects.get(subject_id=production.pk)
    message = refused(
        "INSERT INTO releases_release (id, subject_id, asset_id, organisation_id, gate_id,"
        " file_sha256, size, released_at) VALUES (%s, %s, %s, %s, %s, %s, 1, %s)",
        *(uuid4(), production.pk, production.asset_id, production.organisation_id, gate.pk),
        *(gate.file_sha256, timezone.now()),
    )
    assert "watched" in message


def test_the_database_refuses_a_word_of_somebody_involved_or_unconfirmed_or_about_another_file(
    team: people.Team,
) -> None:
    production = finished(team)
    workflow = Workflow.objects.get(subject_id=production.pk)
    file = Sealing.objects.get(subject_id=production.pk).file_sha256
    idle = people.user_make(team.organisation, Role.APPROVER)
    people.confirm(team.approver)
    for user, sha256 in ((team.requester, file), (idle, file), (team.approver, "0" * 64)):
        message = refused(
            "INSERT INTO approvals_review (id, workflow_id, reviewer_id, accepted, file_sha256,"
            " comment, decided_at) VALUES (%s, %s, %s, true, %s, %s, %s)",
            *(uuid4(), workflow.pk, user.pk, sha256, b"", timezone.now()),
        )
        assert "does not fit" in message

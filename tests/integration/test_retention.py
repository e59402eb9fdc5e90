"""Retention: what is over is told, then disposed of; what a hold keeps or others need stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from rakkan.audit.models import Event
from rakkan.core.errors import BadInput, NotPermitted
from rakkan.lifecycle.models import Kind
from rakkan.lifecycle.selectors import periods_visible, persons_to_hold
from rakkan.lifecycle.services import (
    hold_end,
    hold_set,
    retention_report_of,
    retention_run,
    retention_set,
)
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.services import person_ensure
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.stop import production_cancel
from tests.integration import people
from tests.integration.test_erasure import stored
from tests.integration.test_speakers import drafted, speaking

pytestmark = pytest.mark.django_db


def dry_run() -> str:
    out = StringIO()
    call_command("retention", "--dry-run", stdout=out)
    return out.getvalue()


def draft_make(team: people.Team, likeness: Likeness, **words: str) -> Production:
    """A draft with a track that nobody enrolled as a sample."""
    voice = SimpleUploadedFile("s.wav", people.voice_file().read() + b"\0\0", "audio/wav")
    draft, cast = people.draft(**words), people.cast_of(team, likeness)
    return production_create(user=team.requester, cast=cast, draft=draft, voice=voice)


def aged(production: Production, days: int) -> Production:
    """As if nothing had happened to it for so long."""
    long_ago = datetime.now(UTC) - timedelta(days=days)
    Production.objects.filter(pk=production.pk).update(changed_at=long_ago)
    return production


def test_a_draft_that_nobody_submitted_is_told_and_then_emptied_and_cancelled() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    old = aged(draft_make(team, likeness, title="Dana's secret"), 181)
    new = draft_make(team, likeness)

    assert f"draft\t{old.pk}" in dry_run()
    assert str(new.pk) not in dry_run()
    assert retention_run() == 1
    assert retention_run() == 0

    old.refresh_from_db()
    assert (old.state, old.title, old.prompt) == ("cancelled", "", "")
    assert new.voice_sha256 in stored()  # the same track, which the younger draft still needs
    assert Event.objects.filter(name="lifecycle.retention.disposed").count() == 1


def test_a_file_goes_when_the_last_production_that_names_it_is_over() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    made = [draft_make(team, likeness) for _ in range(2)]
    for production in made:
        production_cancel(user=team.requester, production_id=production.pk)
    aged(made[0], 200)
    retention_run()
    assert made[0].voice_sha256 in stored()

    aged(made[1], 200)
    retention_run()
    assert made[0].voice_sha256 not in stored()
    assert likeness.portrait_sha256 in stored()


def test_an_administrator_sets_the_periods_of_their_organisation_only() -> None:
    team, other = people.team_make(), people.team_make()
    drafts = [aged(draft_make(t, people.likeness_make(t)), 20) for t in (team, other)]
    with pytest.raises(NotPermitted):
        retention_set(user=team.approver, kind=Kind.DRAFT, days=10)
    administrator = people.administrator_of(team)
    with pytest.raises(BadInput):
        retention_set(user=administrator, kind=Kind.DRAFT, days=0)
    retention_set(user=administrator, kind=Kind.DRAFT, days=10)

    assert retention_run() == 1
    for production, state in zip(drafts, ("cancelled", "draft"), strict=True):
        production.refresh_from_db()
        assert production.state == state


def test_a_legal_hold_keeps_what_is_over_and_the_report_says_so() -> None:
    team = people.team_make()
    draft = aged(draft_make(team, people.likeness_make(team)), 181)
    hold = hold_set(
        user=team.approver,
        person_id=draft.likeness.person_id,
        reason="A lawsuit",
        valid_until=datetime.now(UTC) + timedelta(days=9),
        told=False,
    )

    assert "kept by a legal hold" in dry_run()
    assert retention_run() == 0
    hold_end(user=team.approver, hold_id=hold.pk)
    assert retention_run() == 1


@pytest.mark.parametrize("who", ["seen", "heard"])
def test_a_hold_keeps_a_track_whether_it_is_on_who_is_seen_or_on_who_is_heard(who: str) -> None:
    team = people.team_make()
    production = drafted(team, speaking(team))
    assert production.speaker is not None
    production_cancel(user=team.requester, production_id=production.pk)
    aged(production, 181)
    held = production.likeness if who == "seen" else production.speaker
    hold = hold_set(
        user=team.approver,
        person_id=held.person_id,
        reason="A lawsuit",
        valid_until=datetime.now(UTC) + timedelta(days=9),
        told=False,
    )

    assert "kept by a legal hold" in dry_run()
    assert retention_run() == 0
    hold_end(user=team.approver, hold_id=hold.pk)
    assert retention_run() == 1


def test_administrators_and_auditors_see_what_is_over_of_their_organisation_and_nobody_elses() -> (
    None
):
    team, other = people.team_make(), people.team_make()
    mine, _ = (aged(draft_make(t, people.likeness_make(t)), 181) for t in (team, other))
    for user in (people.administrator_of(team), team.auditor):
        assert [due.object_id for due in retention_report_of(user)] == [mine.pk]
        assert {period.said for period in periods_visible(user)} == {None}
    with pytest.raises(NotPermitted):
        retention_report_of(team.approver)


def test_an_approver_is_offered_neither_themself_nor_whom_they_ever_acted_for() -> None:
    team = people.team_make()
    draft = draft_make(team, people.likeness_make(team))
    assert [one.pk for one in persons_to_hold(team.approver)] == [draft.likeness.person_id]
    with pytest.raises(NotPermitted):
        persons_to_hold(team.auditor)
    roles = people.every_sighted_role()
    both = people.user_make(team.organisation, *roles)
    own = person_ensure(user=both)
    assert own.pk not in {one.pk for one in persons_to_hold(both)}

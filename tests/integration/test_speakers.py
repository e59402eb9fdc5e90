"""Nothing is made or shown with a voice whose owner has not said yes, or says yes no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, Workflow
from rakkan.audit.models import Event
from rakkan.consents.models import Consent, Withdrawal
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.services import person_ensure
from rakkan.productions.models import Production
from rakkan.productions.selectors import productions_visible
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.ending import ends_resume
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Release
from tests.integration import clips, people
from tests.integration.world import render_result

pytestmark = pytest.mark.django_db

SYNTHETIC = {"voice_origin": "synthetic", "voice_engine": "Voicebox 2"}


def speaking(team: people.Team) -> people.Team:
    """The same team, with somebody else who speaks in the place of the depicted person."""
    other = people.user_make(team.organisation, Role.DEPICTED_PERSON)
    speaker = replace(team, person=other)
    people.identity_make(speaker)
    return speaker


def drafted(team: people.Team, speaker: people.Team, **changes: Any) -> Production:
    """A measured draft that shows one person and lets another be heard."""
    likeness = Likeness.objects.filter(person__user=team.person).first()
    if likeness is None:
        likeness = people.likeness_make(team)
        people.identity_make(team)
        people.consent_grant(user=team.person, trait=likeness, terms=people.terms())
    cast = Cast(likeness, people.voice_of(speaker))
    production = production_create(
        user=team.requester,
        cast=cast,
        draft=people.draft(**changes),
        voice=people.voice_file(),
    )
    people.measured(
        production.pk,
        people.MeasureResult(people.Verdict.USABLE, (), {"seconds": clips.SECONDS}),
    )
    return Production.objects.get(pk=production.pk)


def queued(team: people.Team, speaker: people.Team) -> Production:
    """An approved production that waits for a worker."""
    return people.approve(team.approver, people.submit(team.requester, drafted(team, speaker)))


def rendered(team: people.Team, production: Production, folder: Path) -> Production:
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    data = clips.marked_clip(folder, production.asset_id)
    result = render_result(data)
    assert worker.upload(result["sha256"], data).status_code == 201
    assert worker.result(result).status_code == 200
    people.lips_measured(production)
    return Production.objects.get(pk=production.pk)


def test_without_a_consent_to_the_voice_nothing_is_submitted() -> None:
    team = people.team_make()
    speaker = speaking(team)
    production = drafted(team, speaker)

    with pytest.raises(Refused) as refused:
        people.submit(team.requester, production)
    assert refused.value.code == "voice-consent-missing"

    people.voice_consent_make(speaker, people.voice_of(speaker), channels=["events"])
    with pytest.raises(Refused) as refused:
        people.submit(team.requester, production)
    assert refused.value.code == "voice-consent-out-of-scope"

    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    submitted = people.submit(team.requester, production)
    assert submitted.request is not None
    voice = submitted.request["voice"]
    assert voice["consent"] == {"id": str(consent.pk), "record_digest": consent.record_digest}
    assert voice["speaker"] == str(people.voice_of(speaker).person_id)
    assert voice["origin"] == "recorded"


def test_synthetic_speech_needs_a_consent_that_names_it() -> None:
    team = people.team_make()
    speaker = speaking(team)
    people.voice_consent_make(speaker, people.voice_of(speaker))
    production = drafted(team, speaker, **SYNTHETIC)

    with pytest.raises(Refused, match="synthetic_speech") as refused:
        people.submit(team.requester, production)
    assert refused.value.code == "voice-consent-out-of-scope"

    people.voice_consent_make(
        speaker, people.voice_of(speaker), permitted_changes=["synthetic_speech"]
    )
    submitted = people.submit(team.requester, production)
    assert submitted.request is not None
    assert submitted.request["voice"]["engine"] == "Voicebox 2"


@pytest.mark.parametrize(
    "declared",
    [
        {"voice_origin": ""},
        {"voice_origin": "dreamt"},
        {"voice_origin": "synthetic"},
        {"voice_origin": "recorded", "voice_engine": "Voicebox 2"},
    ],
)
def test_the_requester_has_to_declare_where_the_voice_comes_from(declared: dict[str, str]) -> None:
    team = people.team_make()

    with pytest.raises(BadInput):
        drafted(team, team, **declared)


def test_the_speaker_approves_nothing_that_they_are_heard_in() -> None:
    team = people.team_make()
    speaker = speaking(team)
    both = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER)
    heard = replace(speaker, person=both)
    people.identity_make(heard)
    people.voice_consent_make(heard, people.voice_of(heard))
    production = people.submit(team.requester, drafted(team, heard))

    with pytest.raises(NotPermitted) as refused:
        people.approve(both, production)
    assert refused.value.code == "speaker-cannot-approve"
    workflow = Workflow.objects.get(subject_id=production.pk)
    with pytest.raises(IntegrityError, match="approver_is_not_the_speaker"), transaction.atomic():
        Decision.objects.create(
            step=workflow.steps.get(),
            workflow=workflow,
            requester=team.requester,
            depicted=team.person,
            speaker=both,
            approver=both,
            verdict="approve",
            subject_digest=workflow.subject_digest,
            decided_at=timezone.now(),
        )


def test_a_requester_may_speak_and_somebody_else_approves() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.REQUESTER, Role.DEPICTED_PERSON)
    asking = replace(team, requester=both)
    speaker = replace(team, person=both)
    people.identity_make(speaker)
    people.voice_consent_make(speaker, people.voice_of(speaker))

    production = people.submit(both, drafted(asking, speaker))

    assert people.approve(team.approver, production).state == "queued"


def test_the_speaker_sees_what_they_are_heard_in_and_nothing_else() -> None:
    team = people.team_make()
    speaker = speaking(team)
    people.voice_consent_make(speaker, people.voice_of(speaker))
    production = people.submit(team.requester, drafted(team, speaker))
    drafted(team, team)

    assert [row.pk for row in productions_visible(speaker.person)] == [production.pk]
    client = Client()
    client.force_login(speaker.person)
    assert production.title in client.get("/my-data").content.decode()


def test_a_withdrawn_voice_stops_what_waits_before_any_worker_gets_it() -> None:
    team = people.team_make()
    speaker = speaking(team)
    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    production = people.approve(
        team.approver, people.submit(team.requester, drafted(team, speaker))
    )
    Withdrawal.objects.create(
        consent=consent, withdrawn_by=speaker.person, withdrawn_at=timezone.now()
    )

    answer = people.render_worker(production).claim()

    assert (answer.status_code, answer.json()["code"]) == (403, "voice-consent-withdrawn")
    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == ("stopped", "voice-consent-withdrawn")


def test_a_withdrawn_voice_calls_back_a_running_job_and_refuses_its_result() -> None:
    team = people.team_make()
    speaker = speaking(team)
    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    production = people.approve(
        team.approver, people.submit(team.requester, drafted(team, speaker))
    )
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200

    withdraw(user=speaker.person, consent_id=consent.pk)

    assert worker.heartbeat().status_code == 409
    assert worker.result(render_result(b"x")).status_code == 409
    production.refresh_from_db()
    assert production.state == "stopped"


def test_a_withdrawn_voice_is_asked_at_the_seal_and_resumed_by_the_reconciler(
    tmp_path: Path,
) -> None:
    team = people.team_make()
    speaker = speaking(team)
    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    drafts = [drafted(team, speaker) for _ in range(2)]
    first, second = (
        people.approve(team.approver, people.submit(team.requester, draft)) for draft in drafts
    )
    rendered(team, first, tmp_path)
    Withdrawal.objects.create(
        consent=consent, withdrawn_by=speaker.person, withdrawn_at=timezone.now()
    )

    production_finish(first.pk)
    first.refresh_from_db()
    assert (first.state, first.problem["code"]) == ("stopped", "voice-consent-withdrawn")
    ends_resume()
    second.refresh_from_db()
    assert second.state == "stopped"


def released(team: people.Team, speaker: people.Team, folder: Path, **changes: Any) -> Production:
    draft = drafted(team, speaker, **changes)
    production = people.approve(team.approver, people.submit(team.requester, draft))
    rendered(team, production, folder)
    production_finish(production.pk)
    production.refresh_from_db()
    assert production.state == "released", production.problem
    return production


def test_a_released_video_follows_the_consent_to_the_voice(tmp_path: Path) -> None:
    team = people.team_make()
    speaker = speaking(team)
    wide = people.voice_consent_make(
        speaker,
        people.voice_of(speaker),
        channels=["intranet", "website"],
        permitted_changes=["synthetic_speech"],
    )
    production = released(team, speaker, tmp_path, **SYNTHETIC)
    release_deliver(user=speaker.person, production_id=production.pk)
    scope = people.terms(permitted_changes=["synthetic_speech"], valid_until=wide.valid_until)

    narrower = narrow(
        user=speaker.person,
        consent_id=wide.pk,
        terms=replace(scope, valid_from=datetime.now(UTC)),
    )
    release_deliver(user=team.requester, production_id=production.pk)
    assert status(production) == ("released", "live")

    withdraw(user=speaker.person, consent_id=narrower.pk)

    assert status(production) == ("revoked", "withdrawn")
    with pytest.raises(Refused) as refused:
        release_deliver(user=team.requester, production_id=production.pk)
    assert refused.value.code == "voice-consent-withdrawn"


def test_taking_synthetic_speech_away_revokes_what_was_synthetic(tmp_path: Path) -> None:
    team = people.team_make()
    speaker = speaking(team)
    wide = people.voice_consent_make(
        speaker, people.voice_of(speaker), permitted_changes=["synthetic_speech"]
    )
    production = released(team, speaker, tmp_path, **SYNTHETIC)
    scope = people.terms(permitted_changes=[], valid_until=wide.valid_until)

    narrow(
        user=speaker.person,
        consent_id=wide.pk,
        terms=replace(scope, valid_from=datetime.now(UTC)),
    )

    production.refresh_from_db()
    assert production.state == "revoked"
    assert Event.objects.filter(name="releases.release.revoked").exists()


def status(production: Production) -> tuple[str, str]:
    answer = Client().get(f"/status/{production.asset_id}").json()
    return answer["status"], answer["consent"]


# -- by plain SQL


def test_the_database_moves_nothing_on_under_a_withdrawn_voice(tmp_path: Path) -> None:
    team = people.team_make()
    speaker = speaking(team)
    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    waiting = people.submit(team.requester, drafted(team, speaker))
    held = queued(team, speaker)
    worker = people.render_worker(held)
    assert worker.claim().status_code == 200
    Withdrawal.objects.create(
        consent=consent, withdrawn_by=speaker.person, withdrawn_at=timezone.now()
    )

    for production, state in ((waiting, "queued"), (held, "rendered")):
        with pytest.raises(IntegrityError, match="who is heard"), transaction.atomic():
            Production.objects.filter(pk=production.pk).update(state=state)


def test_the_database_takes_no_release_under_a_withdrawn_voice(tmp_path: Path) -> None:
    team = people.team_make()
    speaker = speaking(team)
    consent = people.voice_consent_make(speaker, people.voice_of(speaker))
    production = released(team, speaker, tmp_path)
    release = Release.objects.get(subject_id=production.pk)
    Withdrawal.objects.create(
        consent=consent, withdrawn_by=speaker.person, withdrawn_at=timezone.now()
    )

    with pytest.raises(Error, match="no live consents, no release"), transaction.atomic():
        Release.objects.create(
            subject_id=release.subject_id,
            asset_id=release.asset_id,
            organisation=release.organisation,
            gate=release.gate,
            file_sha256=release.file_sha256,
            size=1,
            released_at=timezone.now(),
        )


def test_the_database_takes_no_consent_to_another_voice() -> None:
    team = people.team_make()
    speaker = speaking(team)
    people.voice_consent_make(speaker, people.voice_of(speaker))
    another = people.voice_consent_make(speaker, people.voice_make(speaker))
    production = drafted(team, speaker)
    seen = Consent.objects.get(likeness=production.likeness)
    production.consent, production.voice_consent = seen, another
    production.request, production.request_digest = {"pinned": True}, "0" * 64
    production.save()
    production.state = "in_approval"

    with pytest.raises(IntegrityError, match="who is heard"), transaction.atomic():
        production.save()


@pytest.mark.parametrize("who", ["seen", "heard"])
def test_nobody_of_another_organisation_is_drafted(who: str) -> None:
    """The walk came this far: the draft was made, and its submission broke off at a trigger."""
    team, other = people.team_make(), people.team_make()
    likeness, voice = (people.likeness_make(team), people.voice_of(team))
    if who == "seen":
        likeness = people.likeness_make(other)
    else:
        voice = people.voice_of(other)

    with pytest.raises(NotFound):
        production_create(
            user=team.requester,
            cast=Cast(likeness, voice),
            draft=people.draft(),
            voice=people.voice_file(),
        )
    assert not Production.objects.exists()
    assert Event.objects.filter(name="productions.production.refused").count() == 1


def test_a_draft_without_a_speaker_is_told_what_to_do_and_goes_nowhere() -> None:
    team = people.team_make()
    production = drafted(team, team)
    Production.objects.filter(pk=production.pk).update(speaker=None)

    with pytest.raises(Refused) as refused:
        people.submit(team.requester, production)
    assert refused.value.code == "speaker-missing"
    with pytest.raises(IntegrityError), transaction.atomic():
        Production.objects.filter(pk=production.pk).update(state="in_approval")


def test_new_rows_cannot_pose_as_rows_of_before_voices_had_owners() -> None:
    team = people.team_make()
    with pytest.raises(IntegrityError, match="workflow_names_speaker"), transaction.atomic():
        Workflow.objects.create(
            subject_id=uuid4(),
            subject_digest="0" * 64,
            organisation=team.organisation,
            requester=team.requester,
            depicted=team.person,
            person=person_ensure(user=team.person),
            opened_at=timezone.now(),
            expires_at=timezone.now(),
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE NOT convalidated"
            " AND conname IN ('workflow_names_speaker', 'production_speaker_is_pinned')"
        )
        assert len(cursor.fetchall()) == 2  # older rows were not judged: they can only end

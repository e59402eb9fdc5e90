"""Minors and deceased persons: somebody named acts for them, verified and for a term."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from compliance.permit import MeasureResult, Verdict
from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Decision, Workflow
from rakkan.approvals.services import Match, Reason, Seen, forbidden_use_ensure
from rakkan.audit.models import Event
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.services import consent_grant
from rakkan.core.errors import RakkanError
from rakkan.identity.services import identity_decide, identity_submit
from rakkan.lifecycle.selectors import holds_told
from rakkan.lifecycle.services.hold import hold_end, hold_set
from rakkan.likenesses.classes import PersonClass, Relation
from rakkan.likenesses.guardians import acts_for
from rakkan.likenesses.models import Guardianship, Likeness, Person, Voice
from rakkan.likenesses.services import guardianship_decide, guardianship_renew, person_ensure
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.guardian import guardianship_end
from rakkan.productions.services.portray import portrait_add, voice_enrol
from rakkan.productions.services.review import production_review, result_watch
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Sealing
from tests.integration import people
from tests.integration.world import sealed_make

pytestmark = pytest.mark.django_db

DECEASED = {
    "name": "Dora Departed",
    "person_class": PersonClass.DECEASED,
    "relation": Relation.RIGHTS_HOLDER,
    "majority_at": None,
}


def code_of(act: Any, **values: Any) -> str:
    with pytest.raises(RakkanError) as refused:
        act(**values)
    return refused.value.code


def sql_refuses(statement: str, *values: object) -> str:
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def portrait_of(team: people.Team, person: Person) -> Likeness:
    likeness = portrait_add(
        user=team.person, label="Child", portrait=people.portrait_file(), person_id=person.pk
    )
    people.measured(likeness.pk, MeasureResult(Verdict.USABLE, (), {}))
    check = identity_submit(user=team.person, evidence=people.portrait_file(), person_id=person.pk)
    identity_decide(user=team.reviewer, check_id=check.pk, verified=True)
    people.identity_make(team)  # of who speaks: the guardian, with their own voice
    people.voice_ready(team)
    return Likeness.objects.get(pk=likeness.pk)


def consent_of(team: people.Team, likeness: Likeness, days: float = 30) -> Consent:
    until = timezone.now() + timedelta(days=days)
    return consent_grant(user=team.person, trait=likeness, terms=people.terms(valid_until=until))


def submitted_of(team: people.Team, likeness: Likeness) -> Production:
    return people.submit(team.requester, people.draft_make(team, likeness))


@pytest.mark.parametrize("changes", [{}, DECEASED], ids=["minor", "deceased"])
def test_who_acts_for_a_person_takes_them_the_whole_way(changes: dict[str, Any]) -> None:
    team = people.team_make()
    guardianship = people.represented_make(team, **changes)
    likeness = portrait_of(team, guardianship.person)
    consent_of(team, likeness)

    production = people.approve(team.approver, submitted_of(team, likeness))

    assert production.state == "queued"
    assert people.render_worker(production).claim().status_code == 200
    assert Workflow.objects.get(subject_id=production.pk).depicted == team.person
    shown = people.signed_in(team.person).get(f"/api/v1/productions/{production.pk}").json()
    assert shown["depicted_person"] == guardianship.person.name


def test_without_a_verified_guardianship_nothing_is_done_for_a_person() -> None:
    team = people.team_make()
    made = people.guardianship_make(team.person)
    given = {"user": team.person, "label": "", "portrait": people.portrait_file()}

    assert code_of(portrait_add, **given, person_id=made.person_id) == "not-found"
    guardianship_decide(user=team.reviewer, guardianship_id=made.pk, verified=False)
    assert code_of(portrait_add, **given, person_id=made.person_id) == "not-found"
    assert not acts_for(team.person, made.person)
    assert not Consent.objects.exists()


def test_a_minor_or_deceased_person_has_no_account_and_others_have_no_guardian() -> None:
    team = people.team_make()
    for kind in (PersonClass.MINOR, PersonClass.DECEASED):
        with pytest.raises(Error, match="person_"), transaction.atomic():
            person_ensure(user=team.person, person_class=kind)
    adult = person_ensure(user=team.person)
    for relation in Relation:
        message = sql_refuses(
            "INSERT INTO likenesses_guardianship (id, person_id, guardian_id, relation,"
            " evidence_sha256, evidence_media_type, submitted_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, '', '', now())",
            *(adult.pk, team.requester.pk, relation.value),
        )
        assert "nobody acts for this person" in message
    heir = {"person_class": PersonClass.MINOR, "relation": Relation.HEIR}
    assert code_of(people.guardianship_make, user=team.person, **heir) == "relation-unfit"
    for day in (None, datetime.now(UTC) - timedelta(days=1)):
        refused = code_of(people.guardianship_make, user=team.person, majority_at=day)
        assert refused == "majority-unfit"


def test_a_persons_class_is_never_changed_even_by_sql() -> None:
    team = people.team_make()
    person = people.represented_make(team).person

    for change in ("person_class = 'deceased', majority_at = NULL", "majority_at = now()"):
        statement = f"UPDATE likenesses_person SET {change} WHERE id = %s"  # noqa: S608
        assert "person_class_fixed" in sql_refuses(statement, person.pk)


def test_a_guardianship_ends_at_majority_and_consents_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    majority = timezone.now() + timedelta(days=20)
    guardianship = people.represented_make(team, majority_at=majority)
    likeness = portrait_of(team, guardianship.person)

    assert guardianship.decision.valid_until == majority
    assert code_of(consent_of, team=team, likeness=likeness) == "term-beyond-guardianship"
    consent = consent_of(team, likeness, days=19)
    refused = sql_refuses(
        "INSERT INTO likenesses_guardianshipdecision (id, guardianship_id, guardian_id,"
        " reviewer_id, verified, decided_at, valid_until)"
        " SELECT gen_random_uuid(), id, guardian_id, %s, true, now(), %s"
        " FROM likenesses_guardianship",
        *(team.reviewer.pk, majority + timedelta(days=1)),
    )
    assert "ends at majority" in refused
    production = people.approve(team.approver, submitted_of(team, likeness))
    at(monkeypatch, majority)
    assert not acts_for(team.person, guardianship.person)
    assert consent.valid_until <= majority
    assert people.render_worker(production).claim().status_code == 403
    refused = code_of(consent_grant, user=team.person, trait=likeness, terms=people.terms())
    assert refused == "not-the-depicted-person"
    renewed = guardianship_renew(
        user=team.person, guardianship_id=guardianship.pk, evidence=people.portrait_file()
    )
    given = {"user": team.reviewer, "guardianship_id": renewed.pk, "verified": True}
    assert code_of(guardianship_decide, **given) == "came-of-age"


def test_the_database_refuses_a_consent_by_who_does_not_act_that_long() -> None:
    team = people.team_make()
    guardianship = people.represented_make(team)
    consent = consent_of(team, portrait_of(team, guardianship.person))
    columns = [f.column for f in Consent._meta.concrete_fields if f.column != "id"]
    stranger = people.user_make(team.organisation, Role.DEPICTED_PERSON)
    late = guardianship.decision.valid_until + timedelta(days=1)

    for change, value in (("granted_by_id", stranger.pk), ("valid_until", late)):
        taken = ", ".join("%s" if column == change else column for column in columns)
        message = sql_refuses(
            f"INSERT INTO consents_consent (id, {', '.join(columns)})"  # noqa: S608
            f" SELECT gen_random_uuid(), {taken} FROM consents_consent WHERE id = %s",
            *(value, consent.pk),
        )
        assert "by who acts for them" in message


def test_a_clock_that_was_set_back_lets_a_guardian_withdraw_but_not_consent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team, later = people.team_make(), timezone.now() + timedelta(minutes=10)
    with monkeypatch.context() as ahead:
        at(ahead, later)
        guardianship = people.represented_make(team)
    likeness = portrait_of(team, guardianship.person)
    with monkeypatch.context() as ahead:
        at(ahead, later)
        consent = consent_of(team, likeness)

    given = {"user": team.person, "trait": likeness, "terms": people.terms()}
    assert code_of(consent_grant, **given) == "guardianship-not-begun"
    assert withdraw(user=team.person, consent_id=consent.pk)


def test_the_end_of_a_guardianship_withdraws_what_was_allowed_under_it() -> None:
    team = people.team_make()
    guardianship = people.represented_make(team)
    likeness = portrait_of(team, guardianship.person)
    consent = consent_of(team, likeness)
    production = people.approve(team.approver, submitted_of(team, likeness))
    stranger = people.user_make(people.team_make().organisation, Role.IDENTITY_REVIEWER)
    given = {"guardianship_id": guardianship.pk}
    assert code_of(guardianship_end, user=team.requester, **given) == "not-permitted"
    assert code_of(guardianship_end, user=stranger, **given) == "not-found"

    guardianship_end(user=team.reviewer, **given)

    production.refresh_from_db()
    assert production.state == "stopped"
    assert Withdrawal.objects.get(consent=consent).withdrawn_by == team.reviewer
    assert not acts_for(team.person, guardianship.person)
    refused = code_of(consent_of, team=team, likeness=likeness)
    assert refused == "not-the-depicted-person"
    assert code_of(guardianship_end, user=team.person, **given) == "guardianship-ended"


def test_a_guardian_withdraws_with_one_click() -> None:
    team = people.team_make()
    likeness = portrait_of(team, people.represented_make(team).person)
    consent = consent_of(team, likeness)

    withdraw(user=team.person, consent_id=consent.pk)

    assert Withdrawal.objects.filter(consent=consent).exists()


def test_requester_guardian_and_approver_are_different_people_even_by_sql() -> None:
    team = people.team_make()
    boss = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER, Role.REQUESTER)
    guardianship = people.represented_make(team)
    # Another guardian, who has ended it: still on the person's side.
    second = Guardianship.objects.create(
        person=guardianship.person,
        guardian=boss,
        relation="parent",
        evidence_sha256="0" * 64,
        evidence_media_type="image/png",
        submitted_at=timezone.now(),
    )
    guardianship_end(user=boss, guardianship_id=second.pk)
    likeness = portrait_of(team, guardianship.person)
    consent_of(team, likeness)

    draft = people.draft_make(replace(team, requester=boss), likeness)
    refused = code_of(people.submit, user=boss, production=draft)
    assert refused == "requester-acts-for-the-person"
    production = submitted_of(team, likeness)
    refused = code_of(people.approve, user=boss, production=production)
    assert refused == "depicted-cannot-approve"

    workflow = Workflow.objects.get(subject_id=production.pk)
    columns = [f.column for f in Workflow._meta.concrete_fields if f.column != "id"]
    taken = [{"requester_id": "%s", "subject_id": "gen_random_uuid()"}.get(c, c) for c in columns]
    message = sql_refuses(
        f"INSERT INTO approvals_workflow (id, {', '.join(columns)})"  # noqa: S608
        f" SELECT gen_random_uuid(), {', '.join(taken)} FROM approvals_workflow WHERE id = %s",
        *(boss.pk, workflow.pk),
    )
    assert "is not the requester" in message
    with pytest.raises(Error, match="does not fit"), transaction.atomic():
        Decision.objects.create(
            step=workflow.steps.get(),
            workflow=workflow,
            requester=workflow.requester,
            depicted=workflow.depicted,
            speaker=workflow.speaker,
            approver=boss,
            verdict="approve",
            subject_digest=workflow.subject_digest,
            decided_at=timezone.now(),
        )
    assert people.approve(team.approver, production).state == "queued"


def test_whoever_ever_acted_for_a_person_does_not_watch_the_result_even_by_sql() -> None:
    team = people.team_make()
    people.second_gate(team)
    guardianship = people.represented_make(team)
    likeness = portrait_of(team, guardianship.person)
    consent_of(team, likeness)
    production = sealed_make(team, likeness)
    assert production.state == "in_review", production.problem
    boss = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER)
    client = Client()
    client.force_login(boss)
    page, result = f"/productions/{production.pk}", f"/productions/{production.pk}/result"
    assert result in client.get(page).content.decode(), "an approver like any other is offered it"
    second = Guardianship.objects.create(
        person=guardianship.person,
        guardian=boss,
        relation="parent",
        evidence_sha256="0" * 64,
        evidence_media_type="image/png",
        submitted_at=timezone.now(),
    )
    guardianship_end(user=boss, guardianship_id=second.pk)

    assert result not in client.get(page).content.decode()
    assert page not in client.get("/approvals").content.decode()
    people.confirm(boss)
    file = Sealing.objects.get(subject_id=production.pk).file_sha256
    asked = {"user": boss, "production_id": production.pk}
    assert code_of(result_watch, **asked) == "reviewer-involved"
    assert code_of(production_review, **asked, seen=Seen(True, file)) == "reviewer-involved"
    insert = (
        "INSERT INTO approvals_review (id, workflow_id, reviewer_id, accepted, file_sha256,"
        " comment, decided_at) SELECT gen_random_uuid(), id, %s, true, %s, '', now()"
        " FROM approvals_workflow WHERE subject_id = %s"
    )
    assert "does not fit" in sql_refuses(insert, boss.pk, file, production.pk)
    people.confirm(team.approver)
    production_review(user=team.approver, production_id=production.pk, seen=Seen(True, file))
    production_finish(production.pk)
    production.refresh_from_db()
    assert production.state == "released"


def test_nobody_reviews_their_own_guardianship() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.IDENTITY_REVIEWER)
    made = people.guardianship_make(both)

    given = {"user": both, "guardianship_id": made.pk, "verified": True}
    assert code_of(guardianship_decide, **given) == "own-identity"
    message = sql_refuses(
        "INSERT INTO likenesses_guardianshipdecision (id, guardianship_id, guardian_id,"
        " reviewer_id, verified, decided_at, valid_until)"
        " VALUES (gen_random_uuid(), %s, %s, %s, true, now(), now() + interval '1 day')",
        *(made.pk, both.pk, both.pk),
    )
    assert "guardianship_reviewer_is_not_the_guardian" in message


@pytest.mark.parametrize("kind", ["minor", "deceased", "public_official"])
def test_a_forbidden_class_ends_on_the_way_whoever_acts(kind: str) -> None:
    team = people.team_make()
    forbidden_use_ensure(
        organisation=team.organisation,
        rule="not-these",
        match=Match(person_classes=(kind,)),
        reason=Reason("Not shown.", "起用できません。"),
    )
    if kind == "public_official":
        person_ensure(user=team.person, person_class=PersonClass.PUBLIC_OFFICIAL)
        likeness = people.likeness_make(team)
        people.identity_make(team)
        people.voice_ready(team)
    else:
        changes = DECEASED if kind == "deceased" else {}
        likeness = portrait_of(team, people.represented_make(team, **changes).person)
    consent_of(team, likeness)
    draft = people.draft_make(team, likeness)

    assert code_of(people.submit, user=team.requester, production=draft) == "use-forbidden"
    draft.refresh_from_db()
    assert draft.state == "stopped"


def test_an_invited_guardian_makes_the_record_on_the_site_and_a_reviewer_decides_there() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester, email="parent@invited.example")
    client = Client()
    joining = {"link": link, "name": "Pat Parent", "password": people.PASSWORD}
    answer = client.post("/invitation", {**joining, "person_class": "minor"})
    assert answer["Location"] == "/guardianships"
    parent = User.objects.get(email="parent@invited.example")
    assert not Person.objects.filter(user=parent).exists()

    answer = client.post(
        "/guardianships",
        {
            "name": "Mika Minor",
            "person_class": "minor",
            "relation": "parent",
            "majority": (timezone.now() + timedelta(days=900)).date().isoformat(),
            "evidence": people.portrait_file(),
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    row = Guardianship.objects.get(guardian=parent)
    reviewer = Client()
    reviewer.force_login(team.reviewer)
    assert "Mika Minor" in reviewer.get("/guardianships").content.decode()
    evidence = reviewer.get(f"/guardianships/{row.pk}/evidence")
    assert b"".join(evidence.streaming_content)
    assert reviewer.post(f"/guardianships/{row.pk}", {"verified": "yes"}).status_code == 302

    assert acts_for(parent, row.person)
    assert "Mika Minor" in client.get("/likenesses/new").content.decode()
    told = Event.objects.filter(object_id=str(row.pk)).values_list("name", flat=True)
    assert {"likenesses.guardianship.decided", "identity.evidence.viewed"} <= set(told)
    assert "Mika Minor" not in " ".join(Event.objects.values_list("canonical", flat=True))


def test_the_portal_shows_whom_somebody_acts_for_and_the_copy_holds_it() -> None:
    team = people.team_make()
    guardianship = people.represented_make(team)
    likeness = portrait_of(team, guardianship.person)
    consent = consent_of(team, likeness)
    production = people.approve(team.approver, submitted_of(team, likeness))
    client = Client()
    client.force_login(team.person)

    for path in ("/", "/my-data", "/productions", "/consents", "/guardianships"):
        assert "Mika Minor" in client.get(path).content.decode(), path
    assert str(production.pk) in client.get("/my-data").content.decode()
    copy = people.signed_in(team.person).get("/api/v1/me/data").json()
    assert [row["name"] for row in copy["acts_for"]] == ["Mika Minor"]
    assert str(guardianship.person_id) in {row["person"] for row in copy["portraits"]}
    assert str(guardianship.person_id) in {row["person"] for row in copy["identity_checks"]}
    assert str(production.pk) in {row["id"] for row in copy["productions"]}

    answer = client.post(f"/consents/{consent.pk}/withdraw")  # the button on My data: one click

    assert answer.status_code == 302
    assert Withdrawal.objects.filter(consent=consent).exists()
    production.refresh_from_db()
    assert production.state == "stopped"


def test_what_waits_for_a_reviewer_is_on_their_first_page() -> None:
    team = people.team_make()
    made = people.guardianship_make(team.person)
    client = Client()
    client.force_login(team.reviewer)

    assert f"/guardianships/{made.pk}" in client.get("/").content.decode()
    guardianship_decide(user=team.reviewer, guardianship_id=made.pk, verified=True)

    assert f"/guardianships/{made.pk}" not in client.get("/").content.decode()


def test_a_minors_voice_is_spoken_for_by_the_guardian_who_then_neither_asks_nor_approves() -> None:
    team = people.team_make()
    boss = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER, Role.REQUESTER)
    child = people.represented_make(replace(team, person=boss)).person
    voice = voice_enrol(user=boss, label="Child", sample=people.voice_file(), person_id=child.pk)
    people.measured(voice.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
    check = identity_submit(user=boss, evidence=people.portrait_file(), person_id=child.pk)
    identity_decide(user=team.reviewer, check_id=check.pk, verified=True)
    until = timezone.now() + timedelta(days=30)
    spoken = people.terms(valid_until=until, permitted_changes=[])
    consent_grant(user=boss, trait=Voice.objects.get(pk=voice.pk), terms=spoken)
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent_grant(user=team.person, trait=likeness, terms=people.terms())

    def draft_by(user: User) -> Production:
        made = production_create(
            user=user,
            cast=Cast(likeness, Voice.objects.get(pk=voice.pk)),
            draft=people.draft(),
            voice=people.voice_file(),
        )
        people.measured(made.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
        return Production.objects.get(pk=made.pk)

    refused = code_of(people.submit, user=boss, production=draft_by(boss))
    assert refused == "requester-acts-for-the-person"
    production = people.submit(team.requester, draft_by(team.requester))
    assert Workflow.objects.get(subject_id=production.pk).speaker == boss
    assert code_of(people.approve, user=boss, production=production) == "speaker-cannot-approve"
    assert people.approve(team.approver, production).state == "queued"


def test_who_acts_for_a_person_sets_no_hold_on_their_data_and_is_told_of_others() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER)
    person = people.represented_make(replace(team, person=both)).person
    until = timezone.now() + timedelta(days=30)
    hold = {"person_id": person.pk, "reason": "A dispute.", "valid_until": until, "told": True}

    assert code_of(hold_set, user=both, **hold) == "own-hold"
    made = hold_set(user=team.approver, **hold)

    assert list(holds_told(both)) == [made]
    assert code_of(hold_end, user=both, hold_id=made.pk) == "own-hold"

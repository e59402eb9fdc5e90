"""The remote identity check: challenge, recording, measurement, reviewer, destruction."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone

from compliance.permit import Action, Challenge, JobKind, MeasureResult, Verdict
from compliance.permit.challenge import TURNS
from rakkan.audit.models import Event
from rakkan.core.errors import BadInput, NotFound, Refused
from rakkan.dispatch.models import Job
from rakkan.identity.assurance import Vouched
from rakkan.identity.attempts import Attempt, recording_open, session_digest
from rakkan.identity.models import (
    AssuranceRequest,
    IdentityChallenge,
    IdentityCheck,
    IdentityDecision,
    RecordingDestruction,
    RemoteAttempt,
    RemoteMeasurement,
)
from rakkan.identity.providers import PROVIDERS, VERIFIED_CLAIMS
from rakkan.identity.questions import Assurance
from rakkan.identity.selectors import identity_decision
from rakkan.identity.services import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    challenge_issue,
    evidence_view,
    identity_decide,
    identity_submit,
)
from rakkan.identity.services.challenge import challenge_draw
from rakkan.identity.services.destroy import recordings_destroy_due, why_over
from rakkan.lifecycle.services import erasure_ask, erasure_carry_out
from rakkan.likenesses.models import Likeness
from rakkan.productions.services.prove import recording_hand_in
from rakkan.vault.services import Erased, subject_key_destroy
from tests.integration import people

pytestmark = pytest.mark.django_db
SESSION = "the-session-of-this-browser"


@pytest.fixture
def team() -> people.Team:
    made = people.team_make()
    biometric_consent_grant(user=made.person, agreed=True)
    return made


@pytest.fixture
def likeness(team: people.Team) -> Likeness:
    return people.likeness_make(team)


def issue(team: people.Team, likeness: Likeness) -> IdentityChallenge:
    return challenge_issue(user=team.person, likeness_id=likeness.pk, session=SESSION)


def hand_in(team: people.Team, challenge: IdentityChallenge, **changes: object) -> IdentityCheck:
    attempt = replace(Attempt(challenge.pk, SESSION, "A camera", (2000, 5200)), **changes)  # type: ignore[arg-type]
    return recording_hand_in(user=team.person, recording=people.recording_file(), attempt=attempt)


def code_of(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.code


def finish(check: IdentityCheck, verdict: Verdict = Verdict.WARNINGS) -> None:
    people.measured(check.pk, MeasureResult(verdict, (), {"distance_to_portrait": 0.31}))


def later(monkeypatch: pytest.MonkeyPatch, **passed: float) -> None:
    moment = timezone.now() + timedelta(**passed)
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_a_challenge_asks_four_of_six_in_a_random_order_at_random_times() -> None:
    drawn = [challenge_draw() for _ in range(300)]
    orders = Counter(tuple(p.action for p in challenge.prompts) for challenge in drawn)
    assert len(orders) > 150  # of 336 that there are
    assert {p.action for challenge in drawn for p in challenge.prompts} == set(Action)
    assert all(TURNS & {p.action for p in challenge.prompts} for challenge in drawn)
    assert len({challenge.prompts[0].start for challenge in drawn}) > 100
    assert max(challenge.seconds for challenge in drawn) < 20


def test_without_consent_there_is_no_challenge_and_after_withdrawal_no_answer() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    with pytest.raises(Refused) as caught:
        issue(team, likeness)
    assert code_of(caught) == "biometric-consent-missing"

    consent = biometric_consent_grant(user=team.person, agreed=True)
    challenge = issue(team, likeness)
    biometric_consent_withdraw(user=team.person, consent_id=consent.pk)
    with pytest.raises(Refused) as caught:
        hand_in(team, challenge)
    assert code_of(caught) == "biometric-consent-missing"
    assert not IdentityCheck.objects.exists()
    assert not Job.objects.filter(subject_id__in=IdentityCheck.objects.values("pk")).exists()


def test_a_challenge_is_for_the_persons_own_portrait(team: people.Team, likeness: Likeness) -> None:
    other = people.team_make()
    biometric_consent_grant(user=other.person, agreed=True)
    with pytest.raises(NotFound):
        issue(other, likeness)


def test_what_the_worker_gets_is_bound_to_person_portrait_session_and_challenge(
    team: people.Team, likeness: Likeness
) -> None:
    challenge = issue(team, likeness)
    check = hand_in(team, challenge)

    spec = people.job_of(check.pk, JobKind.MEASURE).job_spec()
    assert (spec.engine, [item.role for item in spec.inputs]) == (
        "identity",
        ["clip", "portrait", "challenge"],
    )
    assert spec.input("portrait").sha256 == likeness.portrait_sha256
    document = people.input_of(check.pk, spec.input("challenge").sha256)
    assert hashlib.sha256(document).hexdigest() == challenge.document_sha256
    told = json.loads(document)
    assert told["portrait"] == likeness.portrait_sha256
    assert told["person"] == str(likeness.person_id)
    assert SESSION not in document.decode()
    assert Challenge.from_dict(told).to_dict()["prompts"] == challenge.document["prompts"]


def test_the_recording_lies_sealed_and_a_lease_reads_it(
    team: people.Team, likeness: Likeness
) -> None:
    check = hand_in(team, issue(team, likeness))
    content = people.recording_file().read()
    stored = storages["blobs"].open(
        f"recordings/{check.attempt.sealed_sha256[:2]}/{check.attempt.sealed_sha256}"
    )
    with stored:
        assert content[64:] not in stored.read()
    assert people.input_of(check.pk, check.evidence_sha256) == content
    subject_key_destroy(subject_id=check.person_id)
    with pytest.raises(Erased):
        recording_open(check)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"session": "somebody else's"}, "challenge-unknown"),
        ({"challenge_id": uuid4()}, "challenge-unknown"),
    ],
)
def test_another_session_or_challenge_is_refused(
    team: people.Team, likeness: Likeness, changes: dict[str, object], code: str
) -> None:
    challenge = issue(team, likeness)
    with pytest.raises(Refused) as caught:
        hand_in(team, challenge, **changes)
    assert code_of(caught) == code
    assert Event.objects.filter(name="identity.check.refused", data__code=code).count() == 1


def test_another_person_cannot_answer_it(team: people.Team, likeness: Likeness) -> None:
    challenge = issue(team, likeness)
    other = people.team_make()
    biometric_consent_grant(user=other.person, agreed=True)
    with pytest.raises(Refused) as caught:
        hand_in(other, challenge)
    assert code_of(caught) == "challenge-unknown"


def test_nobody_stands_before_the_camera_for_whom_they_act_for(
    team: people.Team, likeness: Likeness
) -> None:
    minor = people.represented_make(team).person
    challenge = issue(team, likeness)
    with pytest.raises(Refused) as caught:
        identity_submit(
            user=team.person,
            evidence=people.recording_file(),
            method="remote-check",
            person_id=minor.pk,
            attempt=Attempt(challenge.pk, SESSION),
        )
    assert code_of(caught) == "check-not-own"
    assert not IdentityCheck.objects.exists()
    evidence = identity_submit(
        user=team.person, evidence=people.portrait_file(), person_id=minor.pk
    )
    assert (evidence.person, evidence.submitted_by) == (minor, team.person)


def test_a_challenge_is_used_once(team: people.Team, likeness: Likeness) -> None:
    challenge = issue(team, likeness)
    hand_in(team, challenge)
    with pytest.raises(Refused) as caught:
        hand_in(team, challenge)
    assert code_of(caught) == "challenge-used"
    assert RemoteAttempt.objects.count() == IdentityCheck.objects.count() == 1


@pytest.mark.parametrize("passed", [61, -1])
def test_after_a_minute_it_is_over_and_so_it_is_by_a_clock_that_was_set_back(
    team: people.Team, likeness: Likeness, monkeypatch: pytest.MonkeyPatch, passed: float
) -> None:
    challenge = issue(team, likeness)
    later(monkeypatch, seconds=passed)
    with pytest.raises(Refused) as caught:
        hand_in(team, challenge)
    assert code_of(caught) == "challenge-expired"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"RIFF....AVI ", "file-not-a-recording"),
        (b"\x1aE\xdf\xa3" + bytes(33 << 20), "file-too-large"),
    ],
    ids=["empty", "avi", "large"],
)
def test_what_is_no_recording_uses_up_nothing(
    team: people.Team, likeness: Likeness, content: bytes, code: str
) -> None:
    challenge = issue(team, likeness)
    file = SimpleUploadedFile("a.webm", content, "video/webm")
    with pytest.raises(BadInput) as caught:
        recording_hand_in(user=team.person, recording=file, attempt=Attempt(challenge.pk, SESSION))
    assert caught.value.code == code
    hand_in(team, challenge)


def test_a_recording_cannot_pass_as_evidence_nor_evidence_as_a_recording(
    team: people.Team,
) -> None:
    with pytest.raises(BadInput):
        identity_submit(user=team.person, evidence=people.recording_file())
    with pytest.raises(BadInput) as caught:
        identity_submit(user=team.person, evidence=people.portrait_file(), method="remote-check")
    assert caught.value.code == "challenge-missing"


def test_the_remote_check_never_verifies_anybody_by_itself(
    team: people.Team, likeness: Likeness
) -> None:
    check = hand_in(team, issue(team, likeness))
    finish(check, Verdict.USABLE)
    assert identity_decision(check.person) is None
    assert not IdentityDecision.objects.exists()


@pytest.mark.parametrize("verdict", [None, Verdict.UNUSABLE])
def test_a_reviewer_cannot_say_yes_before_the_measurement_or_against_it(
    team: people.Team, likeness: Likeness, verdict: Verdict | None
) -> None:
    check = hand_in(team, issue(team, likeness))
    if verdict:
        finish(check, verdict)
    with pytest.raises(Refused) as caught:
        identity_decide(user=team.reviewer, check_id=check.pk, verified=True)
    expected = "recording-unusable" if verdict else "recording-not-measured"
    assert code_of(caught) == expected
    now = timezone.now()
    row = IdentityDecision(
        check_made=check,
        submitted_by=team.person,
        reviewer=team.reviewer,
        verified=True,
        decided_at=now,
        valid_until=now + timedelta(days=1),
    )
    with pytest.raises(Error), transaction.atomic():
        row.save(force_insert=True)
    identity_decide(user=team.reviewer, check_id=check.pk, verified=False)
    assert identity_decision(check.person) is None


def test_measured_and_reviewed_by_somebody_else_it_verifies(
    team: people.Team, likeness: Likeness
) -> None:
    check = hand_in(team, issue(team, likeness))
    finish(check)
    evidence = evidence_view(user=team.reviewer, check_id=check.pk)
    assert evidence.stream.read() == people.recording_file().read()
    decision = identity_decide(user=team.reviewer, check_id=check.pk, verified=True)
    assert identity_decision(check.person) == decision
    events = Event.objects.filter(object_id=check.pk).order_by("occurred_at")
    assert [event.name for event in events] == [
        "identity.check.submitted",
        "dispatch.permit.issued",
        "identity.check.measured",
        "identity.evidence.viewed",
        "identity.check.decided",
    ]


def test_a_withdrawal_stops_the_measurement_before_it_begins_and_after(
    team: people.Team, likeness: Likeness
) -> None:
    first, second = (hand_in(team, issue(team, likeness)) for _ in range(2))
    running = people.Worker(str(people.job_of(second.pk, JobKind.MEASURE).pk))
    assert running.claim().status_code == 200
    consent = team.person.person.biometric_consents.get()
    biometric_consent_withdraw(user=team.person, consent_id=consent.pk)

    waiting = people.Worker(str(people.job_of(first.pk, JobKind.MEASURE).pk))
    assert waiting.claim().status_code == 403
    assert Job.objects.get(pk=waiting.job_id).state == "cancelled"
    answer = running.result(MeasureResult(Verdict.USABLE, (), {}).to_dict())
    assert (answer.status_code, answer.json()["code"]) == (403, "biometric-consent-missing")
    assert not RemoteMeasurement.objects.exists()


def test_a_withdrawal_destroys_every_recording(team: people.Team, likeness: Likeness) -> None:
    checks = [hand_in(team, issue(team, likeness)) for _ in range(2)]
    finish(checks[0])
    assert recordings_destroy_due() == 0
    consent = team.person.person.biometric_consents.get()
    biometric_consent_withdraw(user=team.person, consent_id=consent.pk)

    assert recordings_destroy_due() == 2
    assert recordings_destroy_due() == 0
    for check in checks:
        name = check.attempt.sealed_sha256
        assert not storages["blobs"].exists(f"recordings/{name[:2]}/{name}")
        with pytest.raises(Refused) as caught:
            evidence_view(user=team.reviewer, check_id=check.pk)
        assert code_of(caught) == "recording-destroyed"
    destroyed = Event.objects.filter(name="identity.recording.destroyed")
    assert [event.data["reason"] for event in destroyed] == ["consent-withdrawn"] * 2


def test_an_erasure_deletes_the_sealed_recording_and_its_challenge(
    team: people.Team, likeness: Likeness
) -> None:
    check = hand_in(team, issue(team, likeness))
    sealed, asked = check.attempt.sealed_sha256, check.attempt.challenge.document_sha256
    kept = [f"recordings/{sealed[:2]}/{sealed}", f"inputs/{asked[:2]}/{asked}"]
    assert all(storages["blobs"].exists(name) for name in kept)

    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)

    assert not any(storages["blobs"].exists(name) for name in kept)
    assert recordings_destroy_due() == 1
    destroyed = Event.objects.get(name="identity.recording.destroyed")
    assert destroyed.data["reason"] == "consent-withdrawn"


@pytest.mark.parametrize(
    ("verified", "days", "reason"),
    [
        (None, 29, ""),
        (None, 31, "never-decided"),
        (False, 29, ""),
        (False, 31, "not-verified"),
        (True, 300, ""),
        (True, 366, "decision-expired"),
        (True, 3 * 365 + 1, "consent-ended"),
    ],
)
def test_a_recording_is_kept_as_long_as_it_is_needed_and_no_longer(
    team: people.Team, likeness: Likeness, verified: bool | None, days: int, reason: str
) -> None:
    check = hand_in(team, issue(team, likeness))
    finish(check)
    if verified is not None:
        identity_decide(user=team.reviewer, check_id=check.pk, verified=verified)
    attempt = RemoteAttempt.objects.get()
    assert why_over(attempt, timezone.now() + timedelta(days=days)) == reason


def test_the_database_refuses_what_the_services_would_not_do(
    team: people.Team, likeness: Likeness
) -> None:
    challenge = issue(team, likeness)
    evidence = identity_submit(user=team.person, evidence=people.portrait_file())
    with pytest.raises(Error), transaction.atomic():
        RemoteAttempt.objects.create(
            check_made=evidence, challenge=challenge, sealed_sha256="0" * 64, size=1
        )
    check = hand_in(team, challenge)
    finish(check)
    for row in (challenge, check.attempt, check.measurement):
        with pytest.raises(Error), transaction.atomic():
            type(row).objects.filter(pk=row.pk).delete()
    with pytest.raises(Error), transaction.atomic():
        RemoteMeasurement.objects.filter(check_made=check).update(verdict="usable")


def test_no_template_and_no_session_is_stored(team: people.Team, likeness: Likeness) -> None:
    check = hand_in(team, issue(team, likeness))
    finish(check)
    fields = {f.name for model in (RemoteMeasurement, RemoteAttempt) for f in model._meta.fields}
    assert not {"template", "embedding"} & fields
    assert SESSION not in str(IdentityChallenge.objects.values())
    assert not RecordingDestruction.objects.exists()


def good(name: str, team: people.Team, likeness: Likeness) -> dict[str, Any]:
    """What a provider takes: a file, a recording, or another's word on a question."""
    if name == VERIFIED_CLAIMS:
        return {"evidence": None, "attempt": answered(team, likeness)}
    file = people.recording_file() if PROVIDERS[name].compares else people.portrait_file()
    return {"evidence": file, "attempt": Attempt(issue(team, likeness).pk, SESSION)}


def answered(team: people.Team, likeness: Likeness) -> Assurance:
    """What an identity provider vouches for, to a question of the team's person."""
    now = timezone.now()
    question = AssuranceRequest.objects.create(
        person=likeness.person,
        asked_by=team.person,
        provider="proof",
        session_digest=session_digest(SESSION),
        issued_at=now,
        expires_at=now + timedelta(minutes=30),
    )
    claims = {"given_name": "Dana", "family_name": "Doe", "birthdate": "1988-02-29"}
    token = hashlib.sha256(b"a signed token").hexdigest()
    said = Vouched("https://id.example", "eidas", "high", now, ("document",), token, claims)
    return Assurance(question.pk, SESSION, said)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_asks_for_a_reviewer_and_takes_no_nonsense(
    team: people.Team, likeness: Likeness, name: str
) -> None:
    with pytest.raises(BadInput):
        identity_submit(
            user=team.person,
            evidence=SimpleUploadedFile("a.txt", b"this is nothing"),
            method=name,
            attempt=Attempt(issue(team, likeness).pk, SESSION),
        )
    with pytest.raises(BadInput):
        identity_submit(
            user=team.person,
            evidence=None,
            method=name,
            attempt=Attempt(issue(team, likeness).pk, SESSION),
        )
    assert not IdentityCheck.objects.exists()
    check = identity_submit(user=team.person, method=name, **good(name, team, likeness))
    assert check.method == PROVIDERS[name].name == name
    assert identity_decision(check.person) is None
    with pytest.raises(Refused) as caught:
        identity_decide(user=team.person, check_id=check.pk, verified=False)
    assert code_of(caught) == "not-permitted"


def test_the_page_takes_a_person_through_it(team: people.Team, likeness: Likeness) -> None:
    page = Client()
    page.force_login(team.person)
    assert str(likeness.pk) in page.get("/identity/remote").content.decode()
    answer = page.post("/identity/remote/challenge", {"likeness": str(likeness.pk)})
    assert answer.status_code == 201
    told = answer.json()
    assert [set(prompt) for prompt in told["prompts"]] == [{"action", "start_ms", "end_ms"}] * 4
    sent = {
        "recording": people.recording_file(),
        "camera": "OBS Virtual Camera",
        "prompted": "[2001, 5400, 9000, 12800]",
    }
    answer = page.post(told["upload"], sent)
    assert answer.status_code == 201, answer.content
    check = IdentityCheck.objects.get()
    assert answer.json()["page"] == f"/identity/{check.pk}"
    assert check.attempt.prompted == [2001, 5400, 9000, 12800]
    assert page.get(f"/identity/{check.pk}/live").json()["version"] == "waiting"
    finish(check)
    assert page.get(f"/identity/{check.pk}/live").json()["version"] == "measured"

    reviewer = Client()
    reviewer.force_login(team.reviewer)
    shown = reviewer.get(f"/identity/{check.pk}").content.decode()
    assert "OBS Virtual Camera" in shown
    assert f"/likenesses/{likeness.pk}/portrait" in shown
    viewed = reviewer.get(f"/identity/{check.pk}/evidence")
    assert b"".join(viewed.streaming_content) == people.recording_file().read()


@pytest.mark.parametrize("prompted", ["", "[", "{}", '["a"]', "[-1]", "[1e999]", "[" * 5000])
def test_nonsense_from_the_browser_is_left_out(
    team: people.Team, likeness: Likeness, prompted: str
) -> None:
    page = Client()
    page.force_login(team.person)
    told = page.post("/identity/remote/challenge", {"likeness": str(likeness.pk)}).json()
    sent = {"recording": people.recording_file(), "prompted": prompted}
    assert page.post(told["upload"], sent).status_code == 201
    assert RemoteAttempt.objects.get().prompted == []

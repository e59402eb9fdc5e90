"""What must be true after every command, asked of the rows themselves.

Nothing of the services is used here: the promises are written down a second time, on purpose in
other words, so that a mistake in a service is not a mistake in its test.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Max, Q

from compliance.canonical import digest
from rakkan.accounts.models import Membership, StrongAuthentication
from rakkan.approvals.models import Decision, Workflow
from rakkan.audit.models import Event, Leaf
from rakkan.consents.models import Consent, Supersession, Withdrawal
from rakkan.dispatch.models import IssuedPermit, Job, PermitRevocation, PermitUse
from rakkan.identity.models import BiometricWithdrawal, IdentityDecision, RemoteAttempt
from rakkan.likenesses.models import Guardianship, GuardianshipDecision, Person
from rakkan.previews.models import Preview, PreviewFile, PreviewUpload, PreviewViewing
from rakkan.productions.models import Production, Rendering
from rakkan.productions.states import TRANSITIONS, State
from rakkan.releases.models import GateReport, Release, Sealing

_RENDERED_ONCE = {"rendered", "sealed", "in_review", "released", "revoked"}
_RENDERED_ONCE |= {"cancelled", "stopped", "failed"}
_UNDER_WAY = ["in_approval", "queued", "rendering", "rendered", "sealed", "in_review", "released"]
_TOLD_BY = {  # which event tells of the arrival in a state
    State.DRAFT: {"productions.production.created"},
    State.IN_APPROVAL: {"productions.production.submitted"},
    State.QUEUED: {"productions.production.approved", "dispatch.job.reclaimed"},
    State.RENDERING: {"dispatch.permit.issued"},
    State.RENDERED: {"productions.rendering.received"},
    State.SEALED: {"productions.production.sealed"},
    State.IN_REVIEW: {"productions.production.reviewing"},
    State.RELEASED: {"productions.production.released"},
    State.REJECTED: {"productions.production.rejected"},
    State.CANCELLED: {"productions.production.cancelled"},
    State.STOPPED: {"productions.production.stopped"},
    State.FAILED: {"productions.production.failed"},
    State.REVOKED: {"releases.release.revoked"},
}


class Watch:
    """Looks at all rows after each command, and remembers where every production was."""

    def __init__(self, reached: Counter[str]) -> None:
        self._reached = reached  # how often a production came into each state
        self._states: dict[UUID, State] = {}
        self._permits: set[UUID] = set()
        self._seen: set[UUID] = set()  # rows that only grow
        self._events = 0

    def check(self, since: datetime) -> None:
        """Assert every promise; ``since`` is when the command began."""
        self._check_permits()
        self._check_renderings()
        self._check_releases()
        self._check_previews()
        check_withdrawals()
        check_roles()
        check_identities()
        check_guardians()
        self._check_changes(since)
        self._check_log()

    def _check_permits(self) -> None:
        new = IssuedPermit.objects.filter(job__kind="render").exclude(pk__in=self._permits)
        for permit in new.select_related("job"):
            production = _production(permit.job.subject_id)
            assert_consent_was_live(production, permit.issued_at)
            assert_was_approved(production, permit.issued_at)
            assert permit.job.request_digest == production.request_digest
            self._permits.add(permit.pk)

    # Rows that only grow are looked at closely once; each time, what could still spoil them.

    def _check_renderings(self) -> None:
        assert not Rendering.objects.filter(permit__revocation__isnull=False).exists()
        rows = Rendering.objects.exclude(pk__in=self._seen).select_related(
            "permit__job",
            "production__consent",
            "production__voice_consent",
            "production__likeness__person",
            "production__speaker__person",
        )
        for rendering in rows:
            check_rendering(rendering)
            self._seen.add(rendering.pk)
        states = Rendering.objects.values_list("production__state", flat=True)
        assert set(states) <= _RENDERED_ONCE

    def _check_releases(self) -> None:
        for release in Release.objects.exclude(pk__in=self._seen).select_related("gate"):
            check_release(release)
            self._seen.add(release.pk)
        standing = Release.objects.filter(revocation=None).values_list("subject_id", flat=True)
        called_back = Release.objects.exclude(revocation=None).values_list("subject_id", flat=True)
        states = dict(Production.objects.values_list("pk", "state"))
        assert {pk for pk, state in states.items() if state == "released"} == set(standing)
        assert {pk for pk, state in states.items() if state == "revoked"} == set(called_back)

    def _check_previews(self) -> None:
        """No preview without live consent, none released, none once there is nothing to decide."""
        check_no_preview_is_released()
        drawn = IssuedPermit.objects.filter(job__kind="preview").exclude(pk__in=self._seen)
        moments = [
            *((row.pk, row.job.subject_id, row.issued_at) for row in drawn.select_related("job")),
            *_moments(PreviewFile, "received_at", self._seen),
            *_moments(PreviewViewing, "viewed_at", self._seen),
        ]
        for pk, preview_id, moment in moments:
            preview = Preview.objects.get(pk=preview_id)
            assert_consent_was_live(_production(preview.subject_id), moment)
            assert preview.requested_at <= moment < preview.expires_at
            self._seen.add(pk)
        for preview in Preview.objects.filter(end=None):
            assert _production(preview.subject_id).state == "in_approval"
        for viewing in PreviewViewing.objects.select_related("preview"):
            production = _production(viewing.preview.subject_id)
            assert viewing.user_id != production.likeness.person.user_id
            assert viewing.user.organisation_id == production.organisation_id

    def _check_changes(self, since: datetime) -> None:
        for production in Production.objects.only("state"):
            state = State(production.state)
            before = self._states.get(production.pk)
            if state is not before:
                for step in _path(before, state):
                    assert_told(production.pk, step, since)
                    self._reached[step.value] += 1
                self._states[production.pk] = state

    def _check_log(self) -> None:
        places = Leaf.objects.aggregate(count=Count("sequence"), last=Max("sequence"))
        assert places["count"] == (0 if places["last"] is None else places["last"] + 1)
        events = Event.objects.count()
        assert events >= self._events, "an event has gone"
        self._events = events


def _production(pk: object) -> Production:
    return Production.objects.select_related(
        "consent", "voice_consent", "likeness__person", "speaker__person"
    ).get(pk=str(pk))


def assert_consent_was_live(production: Production, moment: datetime) -> None:
    """The own consents of who is seen and who is heard covered it at that moment."""
    consent, voice_consent, speaker = (
        production.consent,
        production.voice_consent,
        production.speaker,
    )
    assert consent is not None
    assert voice_consent is not None
    assert speaker is not None
    assert consent.likeness_id == production.likeness_id
    assert consent.granted_by_id in acting(production.likeness.person, consent.granted_at)
    assert voice_consent.voice_id == speaker.pk
    assert voice_consent.granted_by_id in acting(speaker.person, voice_consent.granted_at)
    assert production.voice_origin in ("recorded", "synthetic")
    if production.voice_origin == "synthetic":
        assert "synthetic_speech" in voice_consent.permitted_changes
    for each in (consent, voice_consent):
        assert_covers(each, production, moment)


def assert_covers(consent: Consent, production: Production, moment: datetime) -> None:
    """One consent was live then and allowed what was asked for."""
    assert consent.granted_at <= moment
    assert consent.valid_from <= moment < consent.valid_until
    assert not Withdrawal.objects.filter(consent=consent, withdrawn_at__lte=moment).exists()
    assert not Supersession.objects.filter(consent=consent, superseded_at__lte=moment).exists()
    assert production.purpose in consent.purposes
    assert set(production.channels) <= set(consent.channels)
    wide = "WORLD" in consent.territories
    assert wide or set(production.territories) <= set(consent.territories)
    assert production.language in consent.languages


def assert_was_confirmed(decision: Decision) -> None:
    """Whoever decided had shown in the five minutes before that it was them."""
    rows = StrongAuthentication.objects.filter(user=decision.delegate or decision.approver)
    before = decision.decided_at - timedelta(minutes=5)
    assert rows.filter(authenticated_at__range=(before, decision.decided_at)).exists()


def acting(person: Person, moment: datetime) -> set[UUID]:
    """Who acted for a person at a moment: their account, or a guardian whom a reviewer verified."""
    rows = Guardianship.objects.filter(
        person=person,
        decision__verified=True,
        decision__decided_at__lte=moment,
        decision__valid_until__gt=moment,
    ).exclude(end__ended_at__lte=moment)
    found = set(rows.values_list("guardian_id", flat=True))
    return found | ({person.user_id} if person.user_id else set())


def proxies(person: Person) -> set[UUID]:
    """Everybody who ever said that they act for a person."""
    rows = Guardianship.objects.filter(person=person)
    return set(rows.values_list("guardian_id", flat=True))


def assert_was_approved(production: Production, moment: datetime) -> None:
    """Enough other people had approved exactly this request by then, and nobody was against it."""
    assert digest(production.request) == production.request_digest
    workflow = Workflow.objects.get(subject_id=production.pk)
    decisions = list(workflow.decisions.all())
    assert workflow.subject_digest == production.request_digest
    assert moment < workflow.expires_at, "the approval was over"
    people = [decision.approver_id for decision in decisions]
    assert len(set(people)) == len(people)
    assert production.requester_id not in people
    assert not proxies(production.likeness.person) & {production.requester_id, *people}
    assert production.likeness.person.user_id not in people
    assert production.speaker is not None
    assert production.speaker.person.user_id not in people
    assert not proxies(production.speaker.person) & {production.requester_id, *people}
    for decision in decisions:
        assert decision.verdict == "approve"
        assert decision.subject_digest == production.request_digest
        assert decision.decided_at <= moment
        assert_was_confirmed(decision)
    steps = list(workflow.steps.all())
    assert steps
    for step in steps:
        assert sum(decision.step_id == step.pk for decision in decisions) >= step.quorum


def check_rendering(rendering: Rendering) -> None:
    """No permit, no render."""
    production, permit = rendering.production, rendering.permit
    assert permit.job.kind == "render"
    assert permit.job.subject_id == production.pk
    assert PermitUse.objects.filter(permit=permit).exists()
    assert not PermitRevocation.objects.filter(permit=permit).exists()
    assert permit.issued_at <= rendering.received_at < permit.expires_at
    assert_consent_was_live(production, permit.issued_at)
    assert_consent_was_live(production, rendering.received_at)
    assert_was_approved(production, permit.issued_at)


def check_release(release: Release) -> None:
    """No mark, no release; and one release a production."""
    production = _production(release.subject_id)
    assert Release.objects.filter(subject_id=release.subject_id).count() == 1
    sealing = Sealing.objects.get(subject_id=release.subject_id)
    rendering = Rendering.objects.get(production=production)
    assert release.gate.passed
    assert all(check["outcome"] == "pass" for check in release.gate.checks)
    assert release.file_sha256 == release.gate.file_sha256 == sealing.file_sha256
    assert sealing.source_sha256 == rendering.file_sha256
    assert sealing.watermark["asset_id"] == production.asset_id == release.asset_id
    assert_consent_was_live(production, release.released_at)
    assert_was_approved(production, release.released_at)
    assert_was_watched(production, release)


def assert_was_watched(production: Production, release: Release) -> None:
    """As many other people as the rules want had watched this file; none was against it."""
    workflow = Workflow.objects.get(subject_id=production.pk)
    reviews = list(workflow.reviews.all())
    assert len(reviews) >= workflow.reviewers
    for review in reviews:
        assert review.accepted
        assert review.file_sha256 == release.file_sha256
        assert review.decided_at <= release.released_at < workflow.expires_at
        assert review.reviewer_id not in (workflow.requester_id, workflow.depicted_id)
        assert review.reviewer_id != workflow.speaker_id
        assert review.reviewer.organisation_id == production.organisation_id
    assert len({review.reviewer_id for review in reviews}) == len(reviews)


def check_withdrawals() -> None:
    """Under a withdrawn consent nothing goes on, no permit is out and no release stands."""
    under = Production.objects.filter(
        Q(consent__withdrawal__isnull=False) | Q(voice_consent__withdrawal__isnull=False)
    )
    assert not under.filter(state__in=_UNDER_WAY).exists()
    jobs = Job.objects.filter(subject_id__in=under.values("pk"), kind="render")
    assert not jobs.filter(state__in=["queued", "leased"]).exists()


def check_guardians() -> None:
    """Nobody acts for a minor beyond majority, and no consent of theirs lasts longer."""
    minors = GuardianshipDecision.objects.filter(
        verified=True, guardianship__person__person_class="minor"
    )
    assert not minors.filter(valid_until__gt=F("guardianship__person__majority_at")).exists()
    for trait in ("likeness", "voice"):
        late = {"valid_until__gt": F(f"{trait}__person__majority_at")}
        assert not Consent.objects.filter(**late).exists()
    assert not GuardianshipDecision.objects.filter(reviewer=F("guardian")).exists()


def check_roles() -> None:
    """Nobody who looks after accounts or machines has a part in productions; audits end."""
    held: dict[UUID, list[str]] = {}
    for row in Membership.objects.filter(end=None):
        held.setdefault(row.user_id, []).append(row.role)
        assert row.granted_by_id != row.user_id, "somebody gave themselves a role"
        assert row.role != "auditor" or row.valid_until is not None, "an audit without an end"
    for roles in held.values():
        assert len(set(roles)) == len(roles), "a role is held twice"
        blind = {"administrator", "operator"} & set(roles)
        assert not blind or blind == set(roles), f"one account holds {roles}"
    ended = Membership.objects.filter(role="administrator").values("user__organisation")
    standing = Membership.objects.filter(role="administrator", end=None, user__is_active=True)
    kept = set(standing.values_list("user__organisation", flat=True))
    assert set(ended.values_list("user__organisation", flat=True)) == kept, "none administers"


def check_no_preview_is_released() -> None:
    """Neither the bytes nor the asset id of a preview is on the way to a release."""
    files = PreviewUpload.objects.values("file_sha256")
    assets = Preview.objects.values("asset_id")
    assert not Rendering.objects.filter(file_sha256__in=files).exists()
    assert not Sealing.objects.filter(source_sha256__in=files).exists()
    assert not Sealing.objects.filter(file_sha256__in=files).exists()
    assert not GateReport.objects.filter(file_sha256__in=files).exists()
    assert not Release.objects.filter(file_sha256__in=files).exists()
    for table in (Production, Sealing, Release):
        assert not table.objects.filter(asset_id__in=assets).exists()
    assert not Rendering.objects.exclude(permit__job__kind="render").exists()


def _moments(
    table: type[PreviewFile | PreviewViewing], column: str, seen: set[UUID]
) -> list[tuple[UUID, UUID, datetime]]:
    return list(table.objects.exclude(pk__in=seen).values_list("pk", "preview_id", column))


def assert_told(production_id: UUID, state: State, since: datetime) -> None:
    """The log tells of an arrival, since the command began."""
    about = [str(production_id)]
    about += map(str, Job.objects.filter(subject_id=production_id).values_list("pk", flat=True))
    about += map(str, Release.objects.filter(subject_id=production_id).values_list("pk", flat=True))
    told = Event.objects.filter(
        object_id__in=about, name__in=_TOLD_BY[state], occurred_at__gte=since
    )
    assert told.exists(), f"{production_id} is {state} and no event says so"


def _path(before: State | None, after: State) -> list[State]:
    """The states in between and the last one; there is a way, or the change was a jump."""
    if before is None:
        return [State.DRAFT]
    edge = [[target] for target in TRANSITIONS[before]]
    while edge:
        way = edge.pop(0)
        if way[-1] is after:
            return way
        if len(way) < 3:  # one command does three steps at most: rendered, sealed, released
            edge += [[*way, target] for target in TRANSITIONS[way[-1]]]
    raise AssertionError(f"no way leads from {before} to {after}")


def check_identities() -> None:
    """No recording without consent and its own challenge; nobody verified by a program."""
    for attempt in RemoteAttempt.objects.select_related("check_made", "challenge__consent"):
        check, challenge = attempt.check_made, attempt.challenge
        assert check.person_id == challenge.person_id == challenge.consent.person_id
        assert challenge.issued_at <= check.submitted_at < challenge.expires_at
        ended = BiometricWithdrawal.objects.filter(consent=challenge.consent).first()
        assert ended is None or check.submitted_at <= ended.withdrawn_at
    verified = IdentityDecision.objects.filter(verified=True, check_made__method="remote-check")
    for decision in verified:
        assert decision.check_made.measurement.verdict != "unusable"
        assert decision.reviewer_id != decision.check_made.person.user_id

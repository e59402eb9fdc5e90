"""What must be true after every command, asked of the rows themselves.

Nothing of the services is used here: the promises are written down a second time, on purpose in
other words, so that a mistake in a service is not a mistake in its test.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from compliance.canonical import digest
from rakkan.accounts.models import Membership, MembershipEnd, StrongAuthentication, User
from rakkan.approvals.models import Decision, Review, Workflow
from rakkan.audit.models import Event
from rakkan.consents.models import Consent, Supersession, Withdrawal
from rakkan.dispatch.models import IssuedPermit, Job, PermitRevocation, PermitUse
from rakkan.identity.models import (
    BiometricWithdrawal,
    IdentityDecision,
    RemoteAttempt,
)
from rakkan.likenesses.models import Guardianship, GuardianshipDecision, Person
from rakkan.previews.models import Preview, PreviewEnd, PreviewUpload
from rakkan.productions.models import LipsMeasurement, Production, Rendering
from rakkan.productions.states import TRANSITIONS, State
from rakkan.releases.models import GateReport, Release, Revocation, Sealing

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


class Look(Protocol):
    """A check, and the tables it reads: unless one of them changed, it holds as before."""

    tables: frozenset[str]

    def __call__(self, *args: Any) -> None:
        """Assert it."""


def reads(*tables: type[models.Model]) -> Callable[[Callable[..., None]], Look]:
    """Say which tables a check reads."""

    def mark(check: Callable[..., None]) -> Look:
        look = cast(Look, check)
        look.tables = frozenset(table._meta.db_table for table in tables)
        return look

    return mark


# -- close looks at new rows, right after the command that wrote them ---------------------------


def production_of(pk: object) -> Production:
    """A production with what its promises ask for."""
    return Production.objects.select_related(
        "consent", "voice_consent", "likeness__person", "speaker__person"
    ).get(pk=str(pk))


def check_permit(permit: IssuedPermit) -> None:
    """No permit to render without live consents and the approvals."""
    production = production_of(permit.job.subject_id)
    assert_consent_is_live(production, permit.issued_at)
    assert_is_approved(production, permit.issued_at)
    assert permit.job.request_digest == production.request_digest


def check_rendering(rendering: Rendering) -> None:
    """No permit, no render."""
    production, permit = production_of(rendering.production_id), rendering.permit
    assert permit.job.kind == "render"
    assert permit.job.subject_id == production.pk
    assert PermitUse.objects.filter(permit=permit).exists()
    assert not PermitRevocation.objects.filter(permit=permit).exists()
    assert rendering.received_at < permit.expires_at
    assert_consent_is_live(production, rendering.received_at)
    assert_is_approved(production, permit.issued_at)


def check_lips(lips: LipsMeasurement) -> None:
    """What is said of lips is of the rendered bytes, by a worker with a permit, under consents."""
    assert lips.job.kind == "measure"
    assert lips.job.subject_id == lips.rendering_id
    assert lips.file_sha256 == lips.rendering.file_sha256
    if lips.outcome == "not-judged" and "error" in lips.facts:
        return
    permit = IssuedPermit.objects.get(job=lips.job, use__isnull=False)
    assert not PermitRevocation.objects.filter(permit=permit).exists()
    assert_consent_is_live(production_of(lips.rendering.production_id), lips.measured_at)


def check_release(release: Release) -> None:
    """No mark, no release; and one release a production."""
    production = production_of(release.subject_id)
    assert Release.objects.filter(subject_id=release.subject_id).count() == 1
    sealing = Sealing.objects.get(subject_id=release.subject_id)
    rendering = Rendering.objects.get(production=production)
    assert release.gate.passed
    assert all(check["outcome"] == "pass" for check in release.gate.checks)
    assert release.file_sha256 == release.gate.file_sha256 == sealing.file_sha256
    assert sealing.source_sha256 == rendering.file_sha256 == rendering.lips.file_sha256
    assert rendering.lips.outcome in ("in-step", "no-speech")
    assert "lips" in [check["name"] for check in release.gate.checks]
    assert sealing.watermark["asset_id"] == production.asset_id == release.asset_id
    assert_consent_is_live(production, release.released_at)
    assert_is_approved(production, release.released_at)
    assert_was_watched(production, release)


def assert_was_watched(production: Production, release: Release) -> None:
    """As many other people as the rules want had watched this file; none was against it."""
    workflow = Workflow.objects.get(subject_id=production.pk)
    reviews = list(workflow.reviews.all())
    assert len(reviews) >= workflow.reviewers
    for review in reviews:
        assert review.accepted
        assert review.file_sha256 == release.file_sha256
        assert review.decided_at < workflow.expires_at
        assert review.reviewer_id not in (workflow.requester_id, workflow.depicted_id)
        assert review.reviewer_id != workflow.speaker_id
        assert review.reviewer.organisation_id == production.organisation_id
        assert_was_confirmed(review.reviewer_id, review.decided_at, review.sign_in)
    assert len({review.reviewer_id for review in reviews}) == len(reviews)


def assert_consent_is_live(production: Production, moment: datetime) -> None:
    """The own consents of who is seen and who is heard cover it at that moment, and stand."""
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
    if production.background_sha256:
        assert "background" in consent.permitted_changes
    for each in (consent, voice_consent):
        assert_covers(each, production, moment)


def assert_covers(consent: Consent, production: Production, moment: datetime) -> None:
    """One consent is live and allows what was asked for; an end counts whatever its time says."""
    assert consent.valid_from <= moment < consent.valid_until
    assert not Withdrawal.objects.filter(consent=consent).exists()
    assert not Supersession.objects.filter(consent=consent).exists()
    assert production.purpose in consent.purposes
    assert set(production.channels) <= set(consent.channels)
    wide = "WORLD" in consent.territories
    assert wide or set(production.territories) <= set(consent.territories)
    assert production.language in consent.languages


def assert_was_confirmed(user_id: UUID, moment: datetime, where: str) -> None:
    """Whoever decided had shown there, in the five minutes before, that it was them."""
    rows = StrongAuthentication.objects.filter(user=user_id, sign_in=where)
    before = moment - timedelta(minutes=5)
    assert rows.filter(authenticated_at__range=(before, moment)).exists()


def acting(person: Person, moment: datetime) -> set[UUID]:
    """Who acted for a person at a moment: their account, or a guardian whom a reviewer verified."""
    return _for(person, moment, decision__decided_at__lte=moment)


def represented_by(person: Person, moment: datetime) -> set[UUID]:
    """Who may withdraw, erase and see for a person: as :func:`acting`, by a clock set back too.

    Whom a reviewer has verified is verified, though the clock now says that it is yet to come. No
    consent is given on it (``guardianship-not-begun``).
    """
    return _for(person, moment)


def _for(person: Person, moment: datetime, **more: Any) -> set[UUID]:
    rows = Guardianship.objects.filter(
        person=person, decision__verified=True, decision__valid_until__gt=moment, **more
    ).exclude(end__ended_at__lte=moment)
    found = set(rows.values_list("guardian_id", flat=True))
    return found | ({person.user_id} if person.user_id else set())


def proxies(person: Person) -> set[UUID]:
    """Everybody who ever said that they act for a person."""
    rows = Guardianship.objects.filter(person=person)
    return set(rows.values_list("guardian_id", flat=True))


def assert_is_approved(production: Production, moment: datetime) -> None:
    """Enough other people have approved exactly this request, and nobody is against it."""
    assert digest(production.request) == production.request_digest
    workflow = Workflow.objects.get(subject_id=production.pk)
    decisions = list(workflow.decisions.all())
    assert workflow.subject_digest == production.request_digest
    assert moment < workflow.expires_at, "the approval was over"
    people = [decision.approver_id for decision in decisions]
    assert len(set(people)) == len(people)
    assert production.speaker is not None
    seen, heard = production.likeness.person, production.speaker.person
    own = {production.requester_id, seen.user_id, heard.user_id} | proxies(seen) | proxies(heard)
    hands = {decision.delegate_id or decision.approver_id for decision in decisions}
    assert not own & {*people, *hands}
    assert len(hands) == len(decisions), "one pair of hands decided twice"
    assert production.requester_id not in proxies(seen) | proxies(heard)
    for decision in decisions:
        assert decision.verdict == "approve"
        assert decision.subject_digest == production.request_digest
        assert decision.decided_at < workflow.expires_at
        hand = decision.delegate_id or decision.approver_id
        assert_was_confirmed(hand, decision.decided_at, decision.sign_in)
    steps = list(workflow.steps.all())
    assert steps
    for step in steps:
        assert sum(decision.step_id == step.pk for decision in decisions) >= step.quorum


def assert_told(production_id: UUID, state: State, since: int) -> None:
    """The log tells of an arrival, among the events after number ``since``."""
    about = [str(production_id)]
    about += map(str, Job.objects.filter(subject_id=production_id).values_list("pk", flat=True))
    about += map(str, Release.objects.filter(subject_id=production_id).values_list("pk", flat=True))
    told = Event.objects.filter(object_id__in=about, name__in=_TOLD_BY[state], written__gt=since)
    assert told.exists(), f"{production_id} is {state} and no event says so"


def path(before: State | None, after: State) -> list[State]:
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


# -- what stands, and could be spoilt by what comes later ----------------------------------------


@reads(Rendering, PermitRevocation, Production)
def check_rendered() -> None:
    """What was rendered went on from there, under a permit that still stands."""
    assert not Rendering.objects.filter(permit__revocation__isnull=False).exists()
    states = Rendering.objects.values_list("production__state", flat=True)
    assert set(states) <= _RENDERED_ONCE
    assert not Rendering.objects.exclude(permit__job__kind="render").exists()


@reads(Release, Revocation, Production)
def check_released() -> None:
    """What is released has a release that stands, and the other way round."""
    standing = Release.objects.filter(revocation=None).values_list("subject_id", flat=True)
    called_back = Release.objects.exclude(revocation=None).values_list("subject_id", flat=True)
    states = dict(Production.objects.values_list("pk", "state"))
    assert {pk for pk, state in states.items() if state == "released"} == set(standing)
    assert {pk for pk, state in states.items() if state == "revoked"} == set(called_back)


@reads(Preview, PreviewEnd, Production)
def check_previews() -> None:
    """None is open once there is nothing to decide."""
    open_ones = Preview.objects.filter(end=None).values("subject_id")
    assert not Production.objects.filter(pk__in=open_ones).exclude(state="in_approval").exists()


@reads(Preview, PreviewUpload, Rendering, Sealing, GateReport, Release, Production)
def check_no_preview_is_released() -> None:
    """Neither the bytes nor the asset id of a preview is on the way to a release."""
    files = Sealing.objects.values_list("source_sha256").union(
        *(table.objects.values_list("file_sha256") for table in (Rendering, GateReport, Release)),
        Sealing.objects.values_list("file_sha256"),
    )
    previewed = PreviewUpload.objects.values_list("file_sha256")
    marks = Production.objects.values_list("asset_id").union(
        Sealing.objects.values_list("asset_id"), Release.objects.values_list("asset_id")
    )
    taken = Preview.objects.values_list("asset_id")
    assert not [*files.intersection(previewed), *marks.intersection(taken)]


@reads(Withdrawal, Supersession, Production, Job)
def check_withdrawals() -> None:
    """Under a withdrawn consent nothing goes on, no permit is out and no release stands."""
    under = Q(consent__withdrawal__isnull=False) | Q(voice_consent__withdrawal__isnull=False)
    live = Job.objects.filter(state__in=["queued", "leased"])
    previews = Preview.objects.filter(subject_id=OuterRef(OuterRef("pk"))).values("pk")
    renderings = Rendering.objects.filter(production=OuterRef(OuterRef("pk"))).values("pk")
    goes_on = (
        Q(state__in=_UNDER_WAY)
        | Exists(live.filter(kind="render", subject_id=OuterRef("pk")))
        | Exists(live.filter(kind="preview", subject_id__in=previews))
        | Exists(live.filter(kind="measure", subject_id__in=renderings))
    )
    assert not Production.objects.filter(under).filter(goes_on).exists()


@reads(GuardianshipDecision, Consent)
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


@reads(Membership, MembershipEnd, User)
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


@reads(RemoteAttempt, IdentityDecision)
def check_identities() -> None:
    """No recording without consent and its own challenge; nobody verified by a program."""
    for attempt in RemoteAttempt.objects.select_related("check_made", "challenge__consent"):
        check, challenge = attempt.check_made, attempt.challenge
        assert check.person_id == challenge.person_id == challenge.consent.person_id
        assert check.submitted_at < challenge.expires_at
        ended = BiometricWithdrawal.objects.filter(consent=challenge.consent).first()
        assert ended is None or check.submitted_at <= ended.withdrawn_at
    verified = IdentityDecision.objects.filter(verified=True, check_made__method="remote-check")
    for decision in verified.select_related("check_made__measurement", "check_made__person"):
        assert decision.check_made.measurement.verdict != "unusable"
        assert decision.reviewer_id != decision.check_made.person.user_id


@reads(Decision, Review)
def check_four_eyes() -> None:
    """No requester, depicted person or speaker has a word on their own production."""
    for row in Decision.objects.select_related("workflow"):
        workflow = row.workflow
        parties = {workflow.requester_id, workflow.depicted_id, workflow.speaker_id}
        assert not parties & {row.approver_id, row.delegate_id}
    for review in Review.objects.select_related("workflow"):
        workflow = review.workflow
        parties = {workflow.requester_id, workflow.depicted_id, workflow.speaker_id}
        assert review.reviewer_id not in parties


STANDING = (
    *(check_rendered, check_released, check_previews, check_no_preview_is_released),
    *(check_withdrawals, check_guardians, check_roles, check_identities, check_four_eyes),
)

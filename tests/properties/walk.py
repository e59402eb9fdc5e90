"""A random walk of people, workers, clocks and intruders over the productions of an organisation.

Every command goes through the services; after each of them :class:`Watch` looks at all rows. The
clock stands still within a command and goes on by a second between two, so that "before" and
"after" are never in doubt.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from compliance.errors import ComplianceError
from compliance.permit import Capabilities, JobKind, MeasureResult, Verdict
from rakkan.accounts.factors import has_second_factor, totp_code
from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import (
    code_confirm,
    role_grant,
    role_revoke,
    user_deactivate,
    user_reactivate,
)
from rakkan.approvals.services import Seen, StepPlan, Word, policy_add
from rakkan.approvals.services import Verdict as Vote
from rakkan.audit.models import Event
from rakkan.audit.services import events_sequence
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.services import consent_grant
from rakkan.core.errors import RakkanError, Unavailable
from rakkan.dispatch.models import Job
from rakkan.identity.attempts import Attempt
from rakkan.identity.models import IdentityChallenge, IdentityCheck
from rakkan.identity.selectors import biometric_consents_visible
from rakkan.identity.services import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    challenge_issue,
    identity_decide,
    identity_submit,
    recordings_destroy_due,
)
from rakkan.likenesses.classes import PersonClass, Relation
from rakkan.likenesses.models import Guardianship, Likeness, Trait, Voice
from rakkan.likenesses.services import guardianship_decide
from rakkan.previews.models import Preview
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.dispatch import job_claim
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.guardian import guardianship_end
from rakkan.productions.services.portray import portrait_add, voice_enrol
from rakkan.productions.services.preview import preview_request, preview_watch
from rakkan.productions.services.preview_read import preview_read
from rakkan.productions.services.prove import recording_hand_in
from rakkan.productions.services.receive import job_beat, job_failure, job_result, output_accept
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.review import production_review, result_watch
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.submit import production_submit
from rakkan.productions.services.unblock import production_cancel_stuck
from rakkan.productions.services.withdraw import withdraw
from rakkan.productions.states import State
from rakkan.releases.models import Sealing
from tests.integration import clips, people
from tests.integration.world import render_result
from tests.properties import sql
from tests.properties.invariants import Watch, acting, proxies
from tests.properties.staff import restore

PRODUCTIONS = 6  # at most, in one walk
INDEX = st.integers(0, 11)
WORKER = Capabilities("walk:1", tuple(JobKind), ("mesh",))
JUNK = b"not a video at all"
PLANS = [  # what an organisation asks for: one approver, two in turn, two of one step
    [StepPlan(1, "legal")],
    [StepPlan(1, "legal"), StepPlan(2, "brand")],
    [StepPlan(1, "legal", 2)],
]
SUBSETS: dict[str, list[list[str]]] = {  # the first choice of each covers what is asked for
    "purposes": [["product_briefing", "marketing"], ["product_briefing"], ["marketing"]],
    "channels": [["intranet", "website"], ["intranet"], ["website"]],
    "territories": [["WORLD"], ["JP"], ["US"]],
    "languages": [["en", "ja"], ["en"], ["ja"]],
}
JUMPS = (20, 20, 45, 3700, 86_400, 8 * 86_400)  # seconds: message, lease, permit, day, approval


@dataclass
class Lease:
    """What a worker once got; it may use it long after it was taken away."""

    job_id: object
    token: str
    fence: int


class Walk(RuleBasedStateMachine):
    """One walk; the class attributes are given by the test."""

    tally: ClassVar[Counter[str]] = Counter()  # commands
    reached: ClassVar[Counter[str]] = Counter()  # states
    assets: ClassVar[dict[str, bytes]] = {}  # asset id -> a clip that carries it
    finishes: ClassVar[int] = 1  # sealings with a real file in one walk: each takes a second

    def __init__(self) -> None:
        super().__init__()
        self.moment = timezone.now()
        self.watch = Watch(Walk.reached)
        self.leases: list[Lease] = []
        self.finished = 0
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        self._clock = patch.object(timezone, "now", lambda: self.moment)
        self._clock.start()

    def teardown(self) -> None:
        self._clock.stop()
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)
        sys.stdout.write(so_far(Walk.tally, Walk.reached))  # seen with -s: a long walk takes hours
        sys.stdout.flush()

    # -- the people ---------------------------------------------------------------------------

    @initialize(steps=st.sampled_from(PLANS), head=st.integers(0, 14), watched=st.integers(0, 1))
    def a_team(self, steps: list[StepPlan], head: int, watched: int) -> None:
        """People, and ``head`` steps of the way of two productions."""
        team = people.team_make([])
        policy_add(organisation=team.organisation, name="default", steps=steps, reviewers=watched)
        other = people.team_make()
        make = people.user_make
        self.users = [
            team.requester,
            make(team.organisation, Role.REQUESTER, Role.APPROVER),
            team.person,
            make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER, Role.REQUESTER),
            team.approver,
            make(team.organisation, Role.APPROVER),
            team.reviewer,
            team.auditor,
            make(other.organisation, *people.every_sighted_role()),  # may do all that, elsewhere
            people.administrator_of(team),
            make(team.organisation, Role.OPERATOR),
            people.administrator_of(other),
        ]
        self.go_on(0, min(head, 7))
        if head > 7:
            cast = Cast(Likeness.objects.all()[0], Voice.objects.all()[0])
            self._draft(self.user(1), cast, wide=False)
            self.measure(Verdict.USABLE)
            self.go_on(1, head - 7)

    def user(self, index: int) -> User:
        """Fresh from the database, as a request would get it."""
        return User.objects.get(pk=self.users[index % len(self.users)].pk)

    def do(
        self, name: str, act: Callable[[], Any], *, may: bool = True, told: bool = True
    ) -> Any | None:
        """Run a command, count it, look at everything.

        Args:
            name: of the command.
            act: calls the service.
            may: whether whoever acts holds the role for it; if not, it has to be refused.
            told: whether a refusal is in the log.
        """
        self.moment += timedelta(seconds=1)
        began, answer, refusal = self.moment, None, None
        try:
            answer = act()
        except (RakkanError, ComplianceError) as error:
            refusal = error
        Walk.tally[f"{name} {'refused' if refusal else 'accepted'}"] += 1
        if refusal is None:
            assert may, f"{name} was accepted from somebody who may not"
        elif told and not isinstance(refusal, (ComplianceError, Unavailable)) and _news(refusal):
            events = Event.objects.filter(occurred_at__gte=began, name__endswith=".refused")
            assert events.exists(), f"{name} was refused and no event says so: {refusal}"
        self.watch.check(began)
        return answer

    # -- reading ------------------------------------------------------------------------------

    def productions(self) -> list[Production]:
        return list(Production.objects.order_by("created_at"))

    def production(self, index: int) -> Production | None:
        rows = self.productions()
        return rows[index % len(rows)] if rows else None

    # -- likeness, identity, consent ----------------------------------------------------------

    @rule(who=INDEX)
    def add_portrait(self, who: int) -> None:
        if Likeness.objects.count() >= 4:
            return
        user, photo = self.user(who), SimpleUploadedFile("p.png", self.photo(), "image/png")
        self.do(
            "add portrait",
            lambda: portrait_add(user=user, label="", portrait=photo),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )

    @staticmethod
    def photo() -> bytes:
        return people.portrait_file().read()

    @rule(who=INDEX)
    def enrol_voice(self, who: int) -> None:
        if Voice.objects.count() >= 4:
            return
        user, sample = self.user(who), people.voice_file()
        self.do(
            "enrol voice",
            lambda: voice_enrol(user=user, label="", sample=sample),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(verdict=st.sampled_from([*Verdict, Verdict.USABLE]))
    def measure(self, verdict: Verdict) -> None:
        jobs = Job.objects.filter(kind="measure", state="queued").order_by("created_at")
        job = jobs.first()
        if job is None:
            return
        handed = self.do("claim", lambda: job_claim(job_id=job.pk, worker=WORKER))
        if handed is None:
            return
        lease = Lease(job.pk, handed.claim.token, handed.claim.job.fence)
        self.leases.append(lease)
        facts = {"seconds": clips.SECONDS}
        self.report(lease, MeasureResult(verdict, (), facts).to_dict())

    @rule(who=INDEX)
    def submit_identity(self, who: int) -> None:
        if IdentityCheck.objects.count() >= 6:
            return
        user = self.user(who)
        self.do(
            "submit identity",
            lambda: identity_submit(user=user, evidence=people.portrait_file()),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=INDEX, withdraw=st.sampled_from([False, False, False, True]))
    def biometric_consent(self, who: int, withdraw: bool) -> None:
        user = self.user(who)
        held = biometric_consents_visible(user).first()
        if held is not None and withdraw:
            self.do(
                "withdraw biometric consent",
                lambda: biometric_consent_withdraw(user=user, consent_id=held.pk),
            )
            self.do("destroy recordings", recordings_destroy_due)
            return
        self.do(
            "consent to matching",
            lambda: biometric_consent_grant(user=user, agreed=True),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=INDEX, index=INDEX, session=st.integers(0, 1))
    def ask_for_a_challenge(self, who: int, index: int, session: int) -> None:
        likenesses = list(Likeness.objects.order_by("added_at"))
        if not likenesses or IdentityChallenge.objects.count() >= 8:
            return
        user, likeness = self.user(who), likenesses[index % len(likenesses)]
        self.do(
            "ask for a challenge",
            lambda: challenge_issue(user=user, likeness_id=likeness.pk, session=f"s{session}"),
            may=likeness.person.user_id == user.pk and Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=INDEX, index=INDEX, session=st.integers(0, 1), waits=st.sampled_from([0, 0, 0, 61]))
    def answer_a_challenge(self, who: int, index: int, session: int, waits: int) -> None:
        challenges = list(IdentityChallenge.objects.order_by("-issued_at"))
        if not challenges:
            return
        self.moment += timedelta(seconds=waits)
        user, challenge = self.user(who), challenges[index % min(3, len(challenges))]
        attempt = Attempt(challenge.pk, f"s{session}")
        self.do(
            "answer a challenge",
            lambda: recording_hand_in(
                user=user, recording=people.recording_file(), attempt=attempt
            ),
            may=challenge.person.user_id == user.pk and Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=INDEX, index=INDEX, verified=st.booleans())
    def decide_identity(self, who: int, index: int, verified: bool) -> None:
        checks = list(IdentityCheck.objects.order_by("submitted_at"))
        if not checks:
            return
        user, check = self.user(who), checks[index % len(checks)]
        self.do(
            "decide identity",
            lambda: identity_decide(user=user, check_id=check.pk, verified=verified),
            may=Role.IDENTITY_REVIEWER in user_roles(user)
            and user.organisation_id == self.users[0].organisation_id
            and check.submitted_by_id != user.pk,
        )

    @rule(
        who=INDEX,
        index=INDEX,
        choices=st.tuples(*[st.integers(0, 4)] * 4),
        starts=st.sampled_from([0, 0, 0, 60, -3600]),
        lasts=st.sampled_from([30, 300, 86_400, 365 * 86_400]),
    )
    def grant(
        self, who: int, index: int, choices: tuple[int, ...], starts: int, lasts: int
    ) -> None:
        traits: list[Trait] = list(Likeness.objects.order_by("added_at"))
        traits += Voice.objects.order_by("added_at")
        if not traits or Consent.objects.count() >= 16:
            return
        user, trait = self.user(who), traits[index % len(traits)]
        self._grant(user, trait, choices, starts, lasts)

    def _grant(
        self, user: User, trait: Trait, choices: tuple[int, ...], starts: int, lasts: int
    ) -> None:
        begin = self.moment + timedelta(seconds=starts)
        names = zip(SUBSETS, choices, strict=True)
        scope = {name: SUBSETS[name][max(0, choice - 2)] for name, choice in names}
        picture = isinstance(trait, Likeness)
        scope["permitted_changes"] = ["expression" if picture else "synthetic_speech"]
        if not picture and choices[0] == 4:
            scope["permitted_changes"] = []
        terms = people.terms(
            **scope, valid_from=begin, valid_until=begin + timedelta(seconds=lasts)
        )
        self.do(
            "grant",
            lambda: consent_grant(user=user, trait=trait, terms=terms),
            may=user.pk in acting(trait.person, self.moment)
            and Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=INDEX, index=INDEX)
    def withdraw(self, who: int, index: int) -> None:
        consents = list(Consent.objects.order_by("granted_at"))
        if not consents:
            return
        user, consent = self.user(who), consents[index % len(consents)]
        self.do(
            "withdraw",
            lambda: withdraw(user=user, consent_id=consent.pk),
            may=user.pk == consent.granted_by_id or user.pk in acting(consent.person, self.moment),
        )

    # -- who acts for others ------------------------------------------------------------------

    @rule(who=INDEX, minor=st.booleans(), days=st.sampled_from([1, 30]))
    def act_for_somebody(self, who: int, minor: bool, days: int) -> None:
        if Guardianship.objects.count() >= 3:
            return
        user = self.user(who)
        changes: dict[str, Any] = {"majority_at": self.moment + timedelta(days=days)}
        if not minor:
            changes = {"person_class": PersonClass.DECEASED, "relation": Relation.HEIR}
            changes["majority_at"] = None
        self.do(
            "act for somebody",
            lambda: people.guardianship_make(user, **changes),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )

    @rule(who=st.sampled_from([6, 6, 0, 2, 8]), index=INDEX, verified=st.booleans())
    def decide_guardianship(self, who: int, index: int, verified: bool) -> None:
        row = self._guardianship(index)
        if row is not None:
            user = self.user(who)
            self.do(
                "decide guardianship",
                lambda: guardianship_decide(user=user, guardianship_id=row.pk, verified=verified),
                may=Role.IDENTITY_REVIEWER in user_roles(user)
                and user.pk not in proxies(row.person)
                and user.organisation_id == row.person.organisation_id,
            )

    @rule(who=INDEX, index=INDEX)
    def end_guardianship(self, who: int, index: int) -> None:
        row = self._guardianship(index)
        if row is not None:
            user = self.user(who)
            reviews = Role.IDENTITY_REVIEWER in user_roles(user)
            self.do(
                "end guardianship",
                lambda: guardianship_end(user=user, guardianship_id=row.pk),
                may=user.pk == row.guardian_id
                or (reviews and user.organisation_id == row.person.organisation_id),
            )

    @rule(index=INDEX)
    def go_on_for_somebody(self, index: int) -> None:
        """A guardian takes the person they act for as far as a consent, if they still may."""
        self.restore_accounts()
        row = self._guardianship(index)
        if row is None:
            return
        user = User.objects.get(pk=row.guardian_id)
        may = user.pk in acting(row.person, self.moment)
        photo = SimpleUploadedFile("p.png", self.photo(), "image/png")
        if not row.person.likenesses.exists() and Likeness.objects.count() < 6:
            given: dict[str, Any] = {"user": user, "person_id": row.person_id}
            self.do(
                "add portrait", lambda: portrait_add(label="", portrait=photo, **given), may=may
            )
            self.measure(Verdict.USABLE)
            evidence = people.portrait_file()
            check = self.do(
                "submit identity", lambda: identity_submit(evidence=evidence, **given), may=may
            )
            if check is not None:
                self.decide_identity(6, IdentityCheck.objects.count() - 1, True)
        for likeness in row.person.likenesses.all():
            self._grant(user, likeness, (0, 0, 0, 0), 0, 3600)

    def _guardianship(self, index: int) -> Guardianship | None:
        rows = list(Guardianship.objects.order_by("submitted_at"))
        return rows[index % len(rows)] if rows else None

    # -- request and approval -----------------------------------------------------------------

    @rule(who=INDEX, index=INDEX, wide=st.booleans(), synthetic=st.booleans())
    def draft(self, who: int, index: int, wide: bool, synthetic: bool) -> None:
        likenesses = list(Likeness.objects.order_by("added_at"))
        voices = list(Voice.objects.order_by("added_at"))
        if likenesses and voices and Production.objects.count() < PRODUCTIONS:
            likeness = likenesses[index % len(likenesses)]
            cast = Cast(likeness, voices[index // 2 % len(voices)])
            self._draft(self.user(who), cast, wide, synthetic)

    def _draft(self, user: User, cast: Cast, wide: bool, synthetic: bool = False) -> None:
        made = {"voice_origin": "synthetic", "voice_engine": "walk 1"} if synthetic else {}
        asked = people.draft(**made, **({"channels": ["website"]} if wide else {}))
        production = self.do(
            "draft",
            lambda: production_create(user=user, cast=cast, draft=asked, voice=people.voice_file()),
            may=Role.REQUESTER in user_roles(user),
        )
        if production is not None:
            self.carry(production)

    def carry(self, production: Production) -> None:
        """Give a draft an asset id whose clip was made before the walk."""
        free = [name for name in self.assets if not _taken(name)]
        Production.objects.filter(pk=production.pk, state="draft").update(asset_id=free[0])

    @rule(who=INDEX, index=INDEX)
    def submit(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is not None:
            self.do(
                "submit",
                lambda: production_submit(user=user, production_id=production.pk),
                may=user.pk == production.requester_id and Role.REQUESTER in user_roles(user),
            )

    @rule(
        who=INDEX,
        index=INDEX,
        digest=st.sampled_from(["right", "right", "another", "made up"]),
        vote=st.sampled_from([Vote.APPROVE, Vote.APPROVE, *Vote]),
        fresh=st.sampled_from([True, True, False]),
    )
    def decide(self, who: int, index: int, digest: str, vote: Vote, *, fresh: bool = True) -> None:
        if fresh:
            self.confirm(who, used=False)
        user, production = self.user(who), self.production(index)
        if production is None:
            return
        other = self.production(index + 1)
        assert other is not None
        digests = {"right": production.request_digest, "another": other.request_digest}
        given = digests.get(digest, "0" * 64)
        self.do(
            "decide",
            lambda: production_decide(
                user=user,
                production_id=production.pk,
                request_digest=given,
                word=Word(vote, "Why."),
            ),
            may=Role.APPROVER in user_roles(user)
            and user.pk not in _parties(production)
            and user.organisation_id == production.organisation_id
            and given == production.request_digest
            and production.state == State.IN_APPROVAL
            and self._confirmed(user),
        )

    @rule(
        who=INDEX,
        index=INDEX,
        accepted=st.sampled_from([True, True, False]),
        file=st.sampled_from(["right", "right", "made up"]),
    )
    def review(self, who: int, index: int, accepted: bool, file: str = "right") -> None:
        """Watch a finished video, or try to, and say whether it may be released."""
        self.confirm(who, used=False)
        user, production = self.user(who), self.production(index)
        if production is None:
            return
        may = (
            Role.APPROVER in user_roles(user)
            and user.pk not in _parties(production)
            and user.organisation_id == production.organisation_id
            and production.state == State.IN_REVIEW
        )
        self.do(
            "watch result",
            lambda: result_watch(user=user, production_id=production.pk),
            may=may,
        )
        sealing = Sealing.objects.filter(subject_id=production.pk).first()
        digest = sealing.file_sha256 if sealing and file == "right" else "0" * 64
        self.do(
            "review",
            lambda: production_review(
                user=user, production_id=production.pk, seen=Seen(accepted, digest, "Why.")
            ),
            may=may and file == "right" and self._confirmed(user),
        )

    def _confirmed(self, user: User) -> bool:
        recent = self.moment + timedelta(seconds=1) - timedelta(minutes=5)
        rows = StrongAuthentication.objects.filter(user=user)
        return rows.filter(authenticated_at__gte=recent).exists()

    @rule(who=INDEX, used=st.booleans())
    def confirm(self, who: int, used: bool) -> None:
        """Show that it is oneself, by a new code or by one that was used before."""
        user = self.user(who)
        last = StrongAuthentication.objects.filter(user=user).order_by("authenticated_at").last()
        if used and last is None:
            return
        if last is not None and not used:  # an app shows a new code every half minute
            self.moment = max(self.moment, last.authenticated_at + timedelta(seconds=30))
        code = totp_code(people.TOTP_SECRET, last.totp_step) if used else people.code_of(user)
        self.do(
            "confirm",
            lambda: code_confirm(user=user, code=code),
            may=has_second_factor(user) and not used,
        )

    @rule(who=INDEX, index=INDEX)
    def cancel(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is not None:
            self.do(
                "cancel",
                lambda: production_cancel(user=user, production_id=production.pk),
                may=user.pk == production.requester_id and Role.REQUESTER in user_roles(user),
            )

    @rule(who=st.sampled_from([10, 10, 0, 9]), index=INDEX)
    def operate(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is None:
            return
        job = Job.objects.filter(subject_id=production.pk, kind="render").first()
        lease = job.lease_until if job and production.state == State.RENDERING else None
        still = self.moment + timedelta(seconds=1) - (lease or production.changed_at)
        waits = ("queued", "rendering", "rendered", "sealed")
        self.do(
            "cancel as stuck",
            lambda: production_cancel_stuck(user=user, production_id=production.pk),
            may=Role.OPERATOR in user_roles(user)
            and production.state in waits
            and still >= timedelta(minutes=10),
        )

    # -- previews -----------------------------------------------------------------------------

    @rule(who=INDEX, index=INDEX)
    def ask_for_preview(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is not None:
            self.do(
                "ask for preview",
                lambda: preview_request(user=user, production_id=production.pk),
                may=_sees_previews(user, production),
            )

    @rule(who=INDEX, index=INDEX)
    def watch_preview(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is not None:
            self.do(
                "watch preview",
                lambda: preview_watch(user=user, production_id=production.pk),
                may=_sees_previews(user, production),
            )

    @rule(index=INDEX, steps=st.integers(1, 4), way=st.sampled_from(["withdraw", "decide", ""]))
    def preview(self, index: int, steps: int, way: str) -> None:
        """The way a preview should go, and what may come in between."""
        self.restore_accounts()
        for _ in range(2):
            production = self.production(index)
            if production is None or production.state != State.DRAFT:
                break
            self._step(index)
        if production is None or production.state != State.IN_APPROVAL:
            return
        lease = self._preview(production, steps)
        place = self._place(production)
        if way == "withdraw" and production.consent is not None:
            consent = production.consent
            user = User.objects.get(pk=consent.granted_by_id)
            self.do("withdraw", lambda: withdraw(user=user, consent_id=consent.pk))
        elif way == "decide":
            self.decide(5, place, "right", Vote.APPROVE)
        self.watch_preview(5, place)
        if lease is not None:
            self._beat(lease)
        self.reconcile()

    def _preview(self, production: Production, steps: int = 3) -> Lease | None:
        """Ask for one; have it claimed, handed in, watched: as many ``steps`` as that."""
        place = self._place(production)
        self.ask_for_preview(4, place)
        newest = Preview.objects.filter(subject_id=production.pk).last()
        if newest is None:
            return None
        lease = self._claim(Job.objects.filter(subject_id=newest.pk).latest("created_at"))
        if lease is not None and steps > 1:
            self._beat(lease)
            self._hand_in(lease, preview_bytes(newest.asset_id))
            self.do("read preview", lambda: preview_read(newest.pk))
        if steps > 2:
            self.watch_preview(0, place)
            self.watch_preview(5, place)
        return lease

    # -- workers ------------------------------------------------------------------------------

    @rule(index=INDEX, able=st.booleans())
    def claim(self, index: int, able: bool) -> None:
        jobs = list(Job.objects.order_by("created_at"))
        if jobs:
            self._claim(jobs[index % len(jobs)], able)

    def _claim(self, job: Job, able: bool = True) -> Lease | None:
        worker = WORKER if able else Capabilities("walk:2", (JobKind.RENDER,), ("other",))
        handed = self.do("claim", lambda: job_claim(job_id=job.pk, worker=worker))
        if handed is None:
            return None
        self.leases.append(Lease(job.pk, handed.claim.token, handed.claim.job.fence))
        return self.leases[-1]

    def lease(self, index: int, forged: int) -> Lease | None:
        """One of the last leases, held or lost: as it was given, or with a part made up."""
        if not self.leases:
            return None
        lease = self.leases[-1 - index % min(len(self.leases), 4)]
        token = "made up" if forged == 1 else lease.token
        return Lease(lease.job_id, token, lease.fence + (1 if forged == 2 else 0))

    @rule(index=INDEX, forged=st.integers(0, 3))
    def heartbeat(self, index: int, forged: int) -> None:
        lease = self.lease(index, forged)
        if lease is not None:
            self._beat(lease, forged)

    def _beat(self, lease: Lease, forged: int = 0) -> None:
        self.do(
            "heartbeat",
            lambda: job_beat(job_id=lease.job_id, lease=lease.token, progress=0.5, stage="frames"),
            may=forged != 1,
            told=False,
        )

    @rule(index=INDEX, forged=st.integers(0, 4), data=st.sampled_from(["own", "other", "junk"]))
    def result(self, index: int, forged: int, data: str) -> None:
        lease = self.lease(index, forged)
        if lease is None:
            return
        job = Job.objects.get(pk=lease.job_id)
        if job.kind == JobKind.MEASURE:
            self.report(lease, MeasureResult(Verdict.USABLE, (), {}).to_dict(), forged)
            return
        own = self.assets.get(job.asset_id, preview_bytes(job.asset_id))
        clips_made = {"own": own, "junk": JUNK}
        self._hand_in(lease, clips_made.get(data, next(iter(self.assets.values()))), forged)

    def _hand_in(self, lease: Lease, data: bytes, forged: int = 0) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        self.do(
            "upload",
            lambda: output_accept(
                job_id=lease.job_id, lease=lease.token, sha256=sha256, chunks=[data]
            ),
            may=forged != 1,
            told=False,
        )
        size = 1 if forged == 3 else len(data)
        self.report(lease, render_result(data, size=size), forged)

    def report(self, lease: Lease, result: dict[str, Any], forged: int = 0) -> None:
        self.do(
            "result",
            lambda: job_result(
                job_id=lease.job_id, lease=lease.token, fence=lease.fence, result=result
            ),
            may=forged not in (1, 2),
        )

    @rule(index=INDEX, forged=st.integers(0, 3), fault=st.sampled_from(["input", "system"]))
    def failure(self, index: int, forged: int, fault: str) -> None:
        lease = self.lease(index, forged)
        if lease is not None:
            self._fail(lease, fault, forged)

    @rule(index=INDEX, vote=st.sampled_from([vote for vote in Vote if vote != Vote.APPROVE]))
    def turn_down(self, index: int, vote: Vote) -> None:
        """An approver who may decide says no to what lies before them."""
        self.restore_accounts()
        for _ in range(2):
            production = self.production(index)
            if production is None or production.state != State.DRAFT:
                break
            self._step(index)
        if production is not None and production.state == State.IN_APPROVAL:
            self.decide(4, self._place(production), "right", vote)

    @rule(index=INDEX, fault=st.sampled_from(["input", "system"]))
    def give_up(self, index: int, fault: str) -> None:
        """A worker claims a production's job, says that it is alive, then that it cannot do it."""
        self.restore_accounts()
        for _ in range(3):
            production = self.production(index)
            if production is None or production.state not in ("draft", "in_approval"):
                break
            self._step(index)
        if production is None or production.state != State.QUEUED:
            return
        lease = self._claim(Job.objects.get(subject_id=production.pk, kind="render"))
        if lease is not None:
            self._beat(lease)
            self._fail(lease, fault)

    def _fail(self, lease: Lease, fault: str, forged: int = 0) -> None:
        error = {"code": "went-wrong", "detail": "", "remedy": "", "fault": fault}
        self.do(
            "failure",
            lambda: job_failure(
                job_id=lease.job_id, lease=lease.token, fence=lease.fence, error=error
            ),
            may=forged not in (1, 2),
            told=False,
        )

    @rule()
    def reconcile(self) -> None:
        self.do("reconcile", reconcile)

    @rule()
    def sequence(self) -> None:
        self.do("sequence", events_sequence)

    @rule(index=INDEX)
    def finish(self, index: int) -> None:
        production = self.production(index)
        if production is not None:
            self._finish(production)

    def _finish(self, production: Production) -> None:
        if production.state in (State.RENDERED, State.SEALED):
            if self.finished >= self.finishes:
                return
            self.finished += 1
        self.do("finish", lambda: production_finish(production.pk))

    @rule(who=INDEX, index=INDEX)
    def deliver(self, who: int, index: int) -> None:
        user, production = self.user(who), self.production(index)
        if production is None:
            return
        roles = user_roles(user)
        assert production.speaker is not None
        shown = acting(production.likeness.person, self.moment)
        own = user.pk in shown | acting(production.speaker.person, self.moment)
        team = roles & {Role.REQUESTER, Role.APPROVER, Role.AUDITOR}
        self.do(
            "deliver",
            lambda: release_deliver(user=user, production_id=production.pk),
            may=user.organisation_id == production.organisation_id
            and bool(team or (own and Role.DEPICTED_PERSON in roles))
            and production.state == State.RELEASED
            and not Withdrawal.objects.filter(
                consent__in=[production.consent, production.voice_consent]
            ).exists(),
        )

    # -- clocks, accounts, intruders ----------------------------------------------------------

    @rule(seconds=st.sampled_from(JUMPS), really=st.integers(0, 3))
    def wait(self, seconds: int, really: int) -> None:
        if seconds < 3600 or really == 0:  # a long wait ends everything: not too often
            self.moment += timedelta(seconds=seconds)
            self.do("wait", lambda: None)

    @rule(
        by=st.sampled_from([9, 9, 9, 11, 0, 4]),
        who=INDEX,
        role=st.sampled_from(Role),
        lasts=st.sampled_from([None, 60, 86_400, 400 * 86_400]),
    )
    def grant_role(self, by: int, who: int, role: Role, lasts: int | None) -> None:
        user, member = self.user(by), self.user(who)
        until = self.moment + timedelta(seconds=lasts) if lasts else None
        self.do(
            "give role",
            lambda: role_grant(user=user, to=member.pk, role=role, valid_until=until),
            may=self._administers(user, member),
        )

    @rule(by=st.sampled_from([9, 9, 9, 11, 0, 4]), who=INDEX, role=st.sampled_from(Role))
    def take_role(self, by: int, who: int, role: Role) -> None:
        user, member = self.user(by), self.user(who)
        self.do(
            "take role",
            lambda: role_revoke(user=user, of=member.pk, role=role),
            may=self._administers(user, member) and role in user_roles(member),
        )

    @rule(by=st.sampled_from([9, 9, 9, 11, 0, 4]), who=INDEX, active=st.booleans())
    def change_account(self, by: int, who: int, active: bool) -> None:
        user, member = self.user(by), self.user(who)
        switch = user_reactivate if active else user_deactivate
        self.do(
            "switch account",
            lambda: switch(user=user, member_id=member.pk),
            may=self._administers(user, member),
        )

    @staticmethod
    def _administers(user: User, member: User) -> bool:
        return (
            Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == member.organisation_id
            and user.pk != member.pk
        )

    @rule()
    def restore_accounts(self) -> None:
        """What was taken is given back, or a walk would end with nobody who can do anything."""
        self.do("restore accounts", lambda: restore(self.users))

    @rule(index=INDEX, attempt=st.sampled_from(sql.ATTEMPTS), draw=st.integers(0, 99))
    def intrude(self, index: int, attempt: Any, draw: int) -> None:
        production = self.production(index)
        if production is None:
            return
        statements = attempt(production, draw)
        answer = sql.refused(statements) if statements else None
        assert answer is not False, f"PostgreSQL lets {attempt.__name__} pass: {statements}"
        if answer:
            self.do(f"sql {attempt.__name__}: refused by the database,", lambda: None)

    # -- the way it should go, so that the walk gets somewhere -----------------------------------

    @rule(index=INDEX, steps=st.integers(1, 8))
    def go_on(self, index: int, steps: int) -> None:
        """Take the next steps of one production as those who should."""
        self.restore_accounts()
        for _ in range(steps):
            self._step(index)

    def _step(self, index: int) -> None:
        cast = self._usable_cast()
        if cast is None:
            return
        production = self.production(index)
        if production is None or (
            production.state not in _OPEN and Production.objects.count() < PRODUCTIONS
        ):
            self._draft(self.user(0), cast, wide=False)
            self.measure(Verdict.USABLE)
        elif production.state == State.DRAFT:
            self._renew(production)
            user = User.objects.get(pk=production.requester_id)
            self.do("submit", lambda: production_submit(user=user, production_id=production.pk))
        elif production.state == State.IN_APPROVAL:
            if not Preview.objects.filter(subject_id=production.pk).exists():
                self._preview(production)
            for who in (4, 5):
                self.decide(who, self._place(production), "right", Vote.APPROVE)
        elif production.state in (State.QUEUED, State.RENDERING):
            self._render(production)
        elif production.state in (State.RENDERED, State.SEALED):
            self._finish(production)
        elif production.state == State.IN_REVIEW:
            self.review(4, self._place(production), accepted=True)
            self._finish(production)
        else:
            self.deliver(7, self._place(production))

    def _place(self, production: Production) -> int:
        return [row.pk for row in self.productions()].index(production.pk)

    def _usable_cast(self) -> Cast | None:
        usable = Likeness.objects.filter(
            measurement__verdict="usable", person__user__isnull=False
        ).order_by("added_at")
        if not usable:
            self.add_portrait(2)
            self.measure(Verdict.USABLE)
        voices = Voice.objects.filter(measurement__verdict="usable").order_by("added_at")
        if not voices:
            self.enrol_voice(2)
            self.measure(Verdict.USABLE)
        likeness, voice = usable.first(), voices.first()
        return Cast(likeness, voice) if likeness and voice else None

    def _renew(self, production: Production) -> None:
        """Identity and consents, where one is lacking that covers the draft."""
        assert production.speaker is not None
        for trait in (production.likeness, production.speaker):
            self._renew_one(production, trait)

    def _renew_one(self, production: Production, trait: Trait) -> None:
        if trait.person.user_id is None:  # who acts for them is seen to by go_on_for_somebody
            return
        user = User.objects.get(pk=trait.person.user_id)
        live = trait.consents.filter(
            valid_until__gt=self.moment + timedelta(hours=1),
            withdrawal=None,
            channels__contains=production.channels,
        )
        if live.exists():
            return
        check = self.do("submit identity", lambda: self._evidence(user))
        if check is not None:
            reviewer = self.user(6)
            self.do(
                "decide identity",
                lambda: identity_decide(user=reviewer, check_id=check.pk, verified=True),
            )
        self._grant(user, trait, (0, 0, 0, 0), 0, 365 * 86_400)

    @staticmethod
    def _evidence(user: User) -> IdentityCheck:
        return identity_submit(user=user, evidence=people.portrait_file())

    def _render(self, production: Production) -> None:
        """Claim, or hand in what was claimed: in between, others may do what they like."""
        job = Job.objects.get(subject_id=production.pk, kind="render")
        held = [one for one in self.leases if one.job_id == job.pk and one.fence == job.fence]
        if production.state == State.QUEUED or not held:
            self._claim(job)
        else:
            self._hand_in(held[-1], self.assets.get(production.asset_id, JUNK))
            self.reconcile()  # a lease that was lost on the way is given back


def so_far(tally: Counter[str], reached: Counter[str]) -> str:
    """How far a walk is, in a line."""
    refused = sum(n for name, n in tally.items() if name.endswith("refused"))
    tries = sum(n for name, n in tally.items() if name.startswith("sql "))
    states = " ".join(sorted(reached))
    return f"{tally.total()} commands, {refused} refused, {tries} by SQL; states: {states}\n"


_OPEN = {"draft", "in_approval", "queued", "rendering", "rendered", "sealed", "in_review"}
_OPEN.add("released")


@cache
def preview_bytes(asset_id: str) -> bytes:
    """What a worker hands in as a preview: the seal worker looks for its mark."""
    with tempfile.TemporaryDirectory() as folder:
        return clips.preview_clip(Path(folder), asset_id)


def _sees_previews(user: User, production: Production) -> bool:
    roles = user_roles(user)
    own = production.requester_id == user.pk and Role.REQUESTER in roles
    decides = Role.APPROVER in roles and production.requester_id != user.pk
    depicted = production.likeness.person.user_id == user.pk
    return (
        user.organisation_id == production.organisation_id
        and production.state == State.IN_APPROVAL
        and (own or (decides and not depicted))
    )


def _news(refusal: RakkanError) -> bool:
    """Whether a refusal has to be in the log: that a message came twice is no news."""
    return refusal.code not in ("job-not-claimable", "already-received")


def _parties(production: Production) -> set[object]:
    """Who asks for it, who is seen and who is heard: none of them approves it."""
    assert production.speaker is not None
    seen, heard = production.likeness.person, production.speaker.person
    own = {production.requester_id, seen.user_id, heard.user_id}
    return own | proxies(seen) | proxies(heard)


def _taken(asset_id: str) -> bool:
    return Production.objects.filter(asset_id=asset_id).exists()

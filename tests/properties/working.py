"""What workers and clerks do, with leases they hold and leases they lost."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance.permit import Capabilities, JobKind, MeasureResult, Verdict
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.approvals.services import Verdict as Vote
from rakkan.audit.services import events_sequence
from rakkan.consents.models import Withdrawal
from rakkan.dispatch.models import Job
from rakkan.productions.models import Production
from rakkan.productions.services.dispatch import job_claim
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.lips import is_about_lips
from rakkan.productions.services.receive import job_beat, job_failure, job_result, output_accept
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.release import release_deliver
from rakkan.productions.states import State
from tests.integration import people
from tests.integration.world import render_result
from tests.properties.files import preview_bytes
from tests.properties.invariants import represented_by
from tests.properties.requesting import Requesting
from tests.properties.walk import INDEX, JUNK, WORKER, Lease


class Working(Requesting):
    """The walk so far, and these."""

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
            facts = people.LIPS_IN_STEP if is_about_lips(job) and data == "own" else {}
            self.report(lease, MeasureResult(Verdict.USABLE, (), facts).to_dict(), forged)
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
        if self.may_seal(production):
            self.do("finish", lambda: production_finish(production.pk))

    def may_seal(self, production: Production) -> bool:
        """Say whether there is time to seal it: with a real file that takes a second."""
        if production.state in (State.RENDERED, State.SEALED):
            self.finished += 1
            return self.finished <= self.finishes
        return True

    @rule(who=INDEX, index=INDEX, captions=st.booleans())
    def deliver(self, who: int, index: int, captions: bool = False) -> None:
        user, production = self.user(who), self.production(index)
        if production is None:
            return
        roles = user_roles(user)
        assert production.speaker is not None
        shown = represented_by(production.likeness.person, self.moment)
        own = user.pk in shown | represented_by(production.speaker.person, self.moment)
        team = roles & {Role.REQUESTER, Role.APPROVER, Role.AUDITOR}
        self.do(
            "deliver captions" if captions else "deliver",
            lambda: release_deliver(user=user, production_id=production.pk, captions=captions),
            may=user.organisation_id == production.organisation_id
            and bool(team or (own and Role.DEPICTED_PERSON in roles))
            and production.state == State.RELEASED
            and not Withdrawal.objects.filter(
                consent__in=[production.consent, production.voice_consent]
            ).exists(),
        )

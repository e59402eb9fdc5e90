"""Accounts and clocks, intruders, and the way it should go, so that the walk gets somewhere."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance.permit import MeasureResult, Verdict
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import (
    role_grant,
    role_revoke,
    user_deactivate,
    user_reactivate,
)
from rakkan.approvals.services import Verdict as Vote
from rakkan.dispatch.models import Job
from rakkan.identity.models import IdentityCheck
from rakkan.identity.services import (
    identity_decide,
    identity_submit,
)
from rakkan.likenesses.models import Likeness, Trait, Voice
from rakkan.previews.models import Preview
from rakkan.productions.models import Production
from rakkan.productions.selectors import lips_job_waiting
from rakkan.productions.services.create import Cast
from rakkan.productions.services.submit import production_submit
from rakkan.productions.states import State
from tests.integration import people
from tests.properties import sql
from tests.properties.staff import restore
from tests.properties.walk import INDEX, JUMPS, JUNK, PRODUCTIONS
from tests.properties.working import Working


class Going(Working):
    """The walk so far, and these."""

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

    @rule(index=INDEX, attempt=st.sampled_from(sql.ATTEMPTS), draw=st.integers(0, 9_999))
    def intrude(self, index: int, attempt: sql.Attempt, draw: int) -> None:
        production = self.production(index)
        if production is not None:
            self._intrude(production, attempt, draw)

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
            self._draft(self.user(0), cast, wide=False, wall=self.chance.random() < 0.3)
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
            if lips_job_waiting(production.pk) is not None:
                self._look_at_lips(production)
            self._finish(production)
        elif production.state == State.IN_REVIEW:
            self.review(4, self._place(production), accepted=True)
            self._finish(production)
        else:
            self.deliver(7, self._place(production))

    def _place(self, production: Production) -> int:
        return [row.pk for row in self.productions()].index(production.pk)

    def _usable_cast(self) -> Cast | None:
        theirs = {"measurement__verdict": "usable", "person__user__is_active": True}
        usable = Likeness.objects.filter(**theirs).order_by("added_at")
        face = 2 if self.user(2).is_active else 13
        if not usable:
            self.add_portrait(face)
            self.measure(Verdict.USABLE)
        voices = Voice.objects.filter(**theirs).order_by("added_at")
        if not voices:
            self.enrol_voice(face)
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
            valid_from__lte=self.moment,
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

    def _look_at_lips(self, production: Production) -> None:
        """A worker looks, says that the lips follow, or now and then that it cannot look."""
        job = lips_job_waiting(production.pk)
        lease = self._claim(job) if job is not None else None
        if job is None or lease is None:
            return
        if self.chance.random() < 0.1:
            self._fail(lease, self.chance.choice(("input", "system")))
        else:
            facts = self.measured(job, Verdict.USABLE)
            self.report(lease, MeasureResult(Verdict.USABLE, (), facts).to_dict())

    def _render(self, production: Production) -> None:
        """Claim, or hand in what was claimed: in between, others may do what they like."""
        job = Job.objects.get(subject_id=production.pk, kind="render")
        held = [one for one in self.leases if one.job_id == job.pk and one.fence == job.fence]
        if production.state == State.QUEUED or not held:
            lease = self._claim(job)
            if lease is not None and self.chance.random() < 0.1:  # a worker that cannot do it
                self._beat(lease)
                self._fail(lease, self.chance.choice(("input", "system")))
        else:
            self._hand_in(held[-1], self.assets.get(production.asset_id, JUNK))
            self.reconcile()  # a lease that was lost on the way is given back


_OPEN = {"draft", "in_approval", "queued", "rendering", "rendered", "sealed", "in_review"}
_OPEN.add("released")

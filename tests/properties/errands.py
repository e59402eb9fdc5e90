"""What people do beside the way of a production: narrow, name deputies, draft anew, hold, copy."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import rule

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Delegation
from rakkan.approvals.services import Verdict as Vote
from rakkan.approvals.services import Word, delegation_add, delegation_end
from rakkan.consents.models import Consent, Withdrawal
from rakkan.dispatch.models import Job
from rakkan.evidence.person_copy import person_copy
from rakkan.identity.models import BiometricConsent
from rakkan.identity.services import biometric_consent_grant, biometric_consent_withdraw
from rakkan.lifecycle.models import LegalHold
from rakkan.lifecycle.services import hold_end, hold_set
from rakkan.likenesses.models import Person
from rakkan.productions.models import Production
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.dispatch import job_claim
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.redraft import production_redraft
from rakkan.productions.services.release import release_deliver
from rakkan.productions.states import FINAL, State
from tests.integration import people
from tests.properties.going import Going
from tests.properties.invariants import proxies
from tests.properties.walk import INDEX, PRODUCTIONS, WORKER

APPROVERS = st.sampled_from([4, 5, 4, 5, *range(14)])  # and who is none
_LISTS = ("purposes", "channels", "territories", "languages")


class Errands(Going):
    """The walk, and these."""

    @rule(who=INDEX, index=INDEX, which=st.sampled_from(_LISTS), own=st.booleans())
    def narrow(self, who: int, index: int, which: str, own: bool) -> None:
        """Take a word of one list, or time, away from a consent; mostly the person's own."""
        consents = list(Consent.objects.order_by("granted_at"))
        if not consents or len(consents) >= 16:
            return
        consent = consents[index % len(consents)]
        user = consent.granted_by if own else self.user(who)
        lists = {name: list(getattr(consent, name)) for name in _LISTS}
        lists[which] = lists[which][:1]
        terms = people.terms(
            **lists,
            permitted_changes=consent.permitted_changes,
            ai_label=consent.ai_label,
            valid_from=consent.valid_from,
            valid_until=consent.valid_until - timedelta(seconds=1),
        )
        self.do(
            "narrow",
            lambda: narrow(user=user, consent_id=consent.pk, terms=terms),
            may=user.pk == consent.granted_by_id,
        )

    @rule(who=INDEX, agreed=st.booleans())
    def agree_to_matching(self, who: int, agreed: bool) -> None:
        if BiometricConsent.objects.count() >= 6:
            return
        user = self.user(who)
        self.do(
            "agree to matching",
            lambda: biometric_consent_grant(user=user, agreed=agreed),
            may=agreed and Role.DEPICTED_PERSON in user_roles(user),
            told=False,
        )

    @rule(who=INDEX, index=INDEX)
    def end_matching(self, who: int, index: int) -> None:
        consents = list(BiometricConsent.objects.order_by("granted_at"))
        if not consents:
            return
        consent = consents[index % len(consents)]
        user = self.either(who, consent.granted_by)
        self.do(
            "end matching",
            lambda: biometric_consent_withdraw(user=user, consent_id=consent.pk),
            may=user.pk == consent.granted_by_id,
            told=False,
        )

    @rule(who=INDEX)
    def take_copy(self, who: int) -> None:
        user = self.user(who)
        self.do(
            "take copy",
            lambda: person_copy(user=user),
            may=Role.DEPICTED_PERSON in user_roles(user),
            told=False,
        )

    @rule(who=INDEX, index=INDEX)
    def draft_anew(self, who: int, index: int) -> None:
        production = self.production(index, *FINAL)
        if production is None or Production.objects.count() >= PRODUCTIONS:
            return
        user = self.either(who, production.requester)
        self.do(
            "draft anew",
            lambda: production_redraft(user=user, production_id=production.pk),
            may=user.pk == production.requester_id and Role.REQUESTER in user_roles(user),
        )

    @rule(who=APPROVERS, to=APPROVERS, days=st.sampled_from([-1, 1, 30]))
    def name_deputy(self, who: int, to: int, days: int) -> None:
        if Delegation.objects.count() >= 6:
            return
        user, until = self.user(who), self.moment + timedelta(days=days)
        deputy = None if to == 11 else self.user(to)  # away, and nobody decides in their name
        self.do(
            "name deputy",
            lambda: delegation_add(
                user=user,
                to_user_id=deputy.pk if deputy else None,
                valid_from=self.moment,
                valid_until=until,
            ),
            may=user != deputy
            and Role.APPROVER in user_roles(user)
            and days > 0
            and (
                deputy is None
                or (
                    user.organisation_id == deputy.organisation_id
                    and Role.APPROVER in user_roles(deputy)
                )
            ),
            told=False,
        )

    @rule(who=INDEX, index=INDEX)
    def end_deputy(self, who: int, index: int) -> None:
        rows = list(Delegation.objects.order_by("valid_from"))
        if not rows:
            return
        delegation = rows[index % len(rows)]
        user = self.either(who, delegation.from_user)
        self.do(
            "end deputy",
            lambda: delegation_end(user=user, delegation_id=delegation.pk),
            may=user.pk == delegation.from_user_id,
            told=False,
        )

    @rule(who=APPROVERS, index=INDEX, name=APPROVERS, deputise=st.booleans())
    def decide_as_deputy(self, who: int, index: int, name: int, deputise: bool) -> None:
        """Decide in somebody's name: named just before, or whoever it is."""
        if deputise:
            self.name_deputy(name, who, 1)
        self.confirm(who, used=False)
        user, other = self.user(who), self.user(name)
        production = self.production(index, State.IN_APPROVAL)
        if production is None:
            return
        named = Delegation.objects.filter(
            from_user=other, to_user=user, valid_until__gt=self.moment + timedelta(seconds=1)
        )
        self.do(
            "decide as deputy",
            lambda: production_decide(
                user=user,
                production_id=production.pk,
                request_digest=production.request_digest,
                word=Word(Vote.APPROVE, in_name_of=other.pk),
            ),
            may=named.exists()
            and Role.APPROVER in user_roles(user) & user_roles(other)
            and production.state == State.IN_APPROVAL,
        )

    @rule(index=INDEX, back=st.sampled_from([1, 600, 86_400]))
    def turn_the_clock_back(self, index: int, back: int) -> None:
        """To before a withdrawal: it stands as a row, and nobody gets anything by it."""
        ended = list(Withdrawal.objects.order_by("withdrawn_at"))
        if not ended:
            return
        withdrawal = ended[index % len(ended)]
        pinned = Q(consent=withdrawal.consent_id) | Q(voice_consent=withdrawal.consent_id)
        production = Production.objects.filter(pinned).first()
        if production is None:
            return
        now, self.moment = self.moment, withdrawal.withdrawn_at - timedelta(seconds=back + 1)
        user = self.user(7)
        for pk in Job.objects.filter(subject_id=production.pk).values_list("pk", flat=True):
            self.do("claim", partial(job_claim, job_id=pk, worker=WORKER), may=False)
        self.do(
            "deliver before a withdrawal",
            lambda: release_deliver(user=user, production_id=production.pk),
            may=False,
        )
        self.moment = max(now, self.moment)

    @rule(who=INDEX, index=INDEX, days=st.sampled_from([-1, 1, 30]))
    def set_hold(self, who: int, index: int, days: int) -> None:
        people_known = list(Person.objects.order_by("pk"))
        if not people_known or LegalHold.objects.count() >= 6:
            return
        user, person = self.user(who), people_known[index % len(people_known)]
        until = self.moment + timedelta(days=days)
        self.do(
            "set hold",
            lambda: hold_set(
                user=user, person_id=person.pk, reason="Why.", valid_until=until, told=True
            ),
            may=days > 0 and self._may_hold(user, person),
        )

    @rule(who=INDEX, index=INDEX)
    def end_hold(self, who: int, index: int) -> None:
        rows = list(LegalHold.objects.order_by("set_at"))
        if not rows:
            return
        user, hold = self.user(who), rows[index % len(rows)]
        self.do(
            "end hold",
            lambda: hold_end(user=user, hold_id=hold.pk),
            may=self._may_hold(user, hold.person) and hold.valid_until > self.moment,
        )

    @staticmethod
    def _may_hold(user: User, person: Person) -> bool:
        return (
            Role.APPROVER in user_roles(user)
            and user.organisation_id == person.organisation_id
            and user.pk not in {person.user_id} | proxies(person)
        )

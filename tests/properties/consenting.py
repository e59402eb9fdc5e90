"""What those who are seen or heard do: portraits, voices, identity, consents, guardians."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance.permit import MeasureResult, Verdict
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.consents.models import Consent
from rakkan.consents.services import consent_grant
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
from rakkan.productions.services.dispatch import job_claim
from rakkan.productions.services.guardian import guardianship_end
from rakkan.productions.services.lips import is_about_lips
from rakkan.productions.services.portray import portrait_add, voice_enrol
from rakkan.productions.services.prove import recording_hand_in
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people
from tests.properties.invariants import acting, proxies, represented_by
from tests.properties.walk import INDEX, SECONDS, SUBSETS, WORKER, Lease, Walk


class Consenting(Walk):
    """The walk so far, and these."""

    # -- likeness, identity, consent ----------------------------------------------------------

    @rule(who=INDEX)
    def add_portrait(self, who: int) -> None:
        if Likeness.objects.count() >= 5:
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

    @classmethod
    def voice(cls) -> SimpleUploadedFile:
        return SimpleUploadedFile("speech.wav", cls.speech, "audio/wav")

    @rule(who=INDEX)
    def enrol_voice(self, who: int) -> None:
        if Voice.objects.count() >= 5:
            return
        user, sample = self.user(who), self.voice()
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
        self.report(lease, MeasureResult(verdict, (), self.measured(job, verdict)).to_dict())

    @staticmethod
    def measured(job: Job, verdict: Verdict) -> dict[str, Any]:
        """What a worker finds in what a job names: in a voice, or in a finished video."""
        if not is_about_lips(job):
            return people.heard(SECONDS)
        wrong = {Verdict.UNUSABLE: {"in_time": 0.0}, Verdict.WARNINGS: {"speech_seconds": 0.1}}
        return people.LIPS_IN_STEP | wrong.get(verdict, {})

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
        likeness = likenesses[index % len(likenesses)]
        user = self.either(who, likeness.person.user)
        if likeness.person.user_id == user.pk and self.chance.random() < 0.5:
            self.do("consent to matching", lambda: biometric_consent_grant(user=user, agreed=True))
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
        if picture and choices[1] % 2 == 0:
            scope["permitted_changes"].append("background")
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
        consent = consents[index % len(consents)]
        user = self.either(who, consent.granted_by)
        self.do(
            "withdraw",
            lambda: withdraw(user=user, consent_id=consent.pk),
            may=user.pk == consent.granted_by_id
            or user.pk in represented_by(consent.person, self.moment),
        )

    # -- who acts for others ------------------------------------------------------------------

    @rule(who=INDEX, minor=st.booleans(), days=st.sampled_from([1, 30]))
    def act_for_somebody(self, who: int, minor: bool, days: int) -> None:
        if Guardianship.objects.count() >= 3:
            return
        user = self.either(who, *(self.user(each) for each in (2, 13)))
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
        may = user.pk in represented_by(row.person, self.moment)
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

"""What the team does: drafts, decisions, reviews, previews."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from rakkan.accounts.factors import has_second_factor, totp_code
from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import (
    code_confirm,
)
from rakkan.approvals.services import Seen, Word
from rakkan.approvals.services import Verdict as Vote
from rakkan.dispatch.models import Job
from rakkan.likenesses.models import Likeness, Voice
from rakkan.previews.models import Preview
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.preview import preview_request, preview_watch
from rakkan.productions.services.preview_read import preview_read
from rakkan.productions.services.review import production_review, result_watch
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.submit import production_submit
from rakkan.productions.services.unblock import production_cancel_stuck
from rakkan.productions.services.withdraw import withdraw
from rakkan.productions.states import State
from rakkan.releases.models import Sealing
from tests.integration import people
from tests.properties.consenting import Consenting
from tests.properties.files import preview_bytes
from tests.properties.invariants import proxies
from tests.properties.walk import INDEX, PRODUCTIONS, Lease


class Requesting(Consenting):
    """The walk so far, and these."""

    # -- request and approval -----------------------------------------------------------------

    @rule(who=INDEX, index=INDEX, wide=st.booleans(), synthetic=st.booleans(), wall=st.booleans())
    def draft(self, who: int, index: int, wide: bool, synthetic: bool, wall: bool) -> None:
        likenesses = list(Likeness.objects.order_by("added_at"))
        voices = list(Voice.objects.order_by("added_at"))
        if likenesses and voices and Production.objects.count() < PRODUCTIONS:
            likeness = likenesses[index % len(likenesses)]
            cast = Cast(likeness, voices[index // 2 % len(voices)])
            self._draft(self.user(who), cast, wide, synthetic, wall)

    def _draft(
        self, user: User, cast: Cast, wide: bool, synthetic: bool = False, wall: bool = False
    ) -> None:
        made = {"voice_origin": "synthetic", "voice_engine": "walk 1"} if synthetic else {}
        made |= {"channels": ["website"]} if wide else {}
        asked = people.draft(transcript=people.SPOKEN, **made)
        files = {"voice": self.voice(), "background": people.portrait_file() if wall else None}
        self.do(
            "draft before a picture" if wall else "draft",
            lambda: production_create(user=user, cast=cast, draft=asked, **files),
            may=Role.REQUESTER in user_roles(user),
        )

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
        who=st.sampled_from([4, 5, *range(14)]),
        index=INDEX,
        digest=st.sampled_from(["right", "right", "right", "another", "made up"]),
        vote=st.sampled_from([Vote.APPROVE, Vote.REJECT, *Vote]),
        fresh=st.sampled_from([True, True, False]),
        elsewhere=st.sampled_from([False, False, False, True]),
    )
    def decide_somewhere(
        self, who: int, index: int, digest: str, vote: Vote, fresh: bool, elsewhere: bool
    ) -> None:
        """Decide, now and then in another browser than the one one has confirmed in."""
        if fresh:
            self.confirm(who, used=False)
        production = self.production(index, State.IN_APPROVAL)
        if production is None:
            return
        self.browser = int(elsewhere)
        try:
            self.decide(who, self._place(production), digest, vote, fresh=False)
        finally:
            self.browser = 0

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
        """Say whether they have shown in the browser they sit at that it is them."""
        recent = self.moment + timedelta(seconds=1) - timedelta(minutes=5)
        rows = StrongAuthentication.objects.filter(user=user, sign_in=self.here())
        return rows.filter(
            authenticated_at__range=(recent, self.moment + timedelta(seconds=1))
        ).exists()

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
        production = self.production(index)
        if production is not None:
            user = self.either(who, production.requester)
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


def _parties(production: Production) -> set[object]:
    """Who asks for it, who is seen and who is heard: none of them approves it."""
    assert production.speaker is not None
    seen, heard = production.likeness.person, production.speaker.person
    own = {production.requester_id, seen.user_id, heard.user_id}
    return own | proxies(seen) | proxies(heard)

"""Who comes in, and who they say they are: invitations, sign-in, identity providers, guardians."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from hypothesis import strategies as st
from hypothesis.stateful import rule

from rakkan.accounts.factors import has_second_factor
from rakkan.accounts.models import Invitation, InvitationEnd, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import (
    Ask,
    Newcomer,
    factors_drop,
    invitation_open,
    invitation_resend,
    invitation_revoke,
    invitation_send,
    password_change,
)
from rakkan.identity.models import AssuranceRequest, IdentityCheck
from rakkan.identity.questions import Asked
from rakkan.identity.services import (
    Returned,
    assurance_answer,
    assurance_ask,
    evidence_view,
)
from rakkan.likenesses.classes import PersonClass
from rakkan.likenesses.models import Guardianship
from rakkan.likenesses.services import (
    guardianship_evidence_view,
    guardianship_renew,
    invitation_accept,
)
from tests.integration import oidc_provider, people
from tests.integration.oidc_provider import OidcProvider
from tests.properties.keeping import Keeping
from tests.properties.walk import INDEX

_CALLBACK = "http://127.0.0.1/identity/provider/walk/answer"
_NAMED = {"given_name": "Dana", "family_name": "Doe", "birthdate": "1988-02-29"}


class Joining(Keeping):
    """The walk so far, and these."""

    oidc: ClassVar[OidcProvider]  # a real provider on loopback, given by the test

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []  # of invitations, live or dead
        self.asked: list[tuple[str, Asked, str]] = []  # address, what is kept, session

    # -- invitations ----------------------------------------------------------------------------

    @rule(
        by=st.sampled_from([0, 9, 9, 12, 4, 11]),
        role=st.sampled_from([Role.DEPICTED_PERSON, Role.DEPICTED_PERSON, *Role]),
        to=st.integers(-4, 13),
    )
    def invite(self, by: int, role: Role, to: int) -> None:
        """Invite somebody new, somebody who is here already, or an address that is none."""
        if Invitation.objects.count() >= 8:
            return
        user = self.user(by)
        email = f"walk-{len(self.links)}@invited.example" if to < 0 else self.user(to).email
        until = self.moment + timedelta(days=30) if role is Role.AUDITOR else None
        ask = Ask("no address" if to == -4 else email, role, until)
        before = len(mail.outbox)
        with TestCase.captureOnCommitCallbacks(execute=True):
            self.do(
                "invite",
                lambda: invitation_send(user=user, ask=ask),
                may=to != -4 and self._may_invite(user, role),
            )
        self.links += map(people.link_in, mail.outbox[before:])

    @staticmethod
    def _may_invite(user: User, role: Role) -> bool:
        roles = user_roles(user)
        asks = role is Role.DEPICTED_PERSON and Role.REQUESTER in roles
        return user.is_active and (Role.ADMINISTRATOR in roles or asks)

    @rule(by=st.sampled_from([0, 9, 12, 4, 11]), index=INDEX, anew=st.booleans())
    def take_back(self, by: int, index: int, anew: bool) -> None:
        """Take an invitation back, or send it anew."""
        rows = list(Invitation.objects.order_by("invited_at"))
        if not rows:
            return
        row = rows[index % len(rows)]
        user = self.either(by, row.invited_by)
        act = invitation_resend if anew else invitation_revoke
        before, roles = len(mail.outbox), user_roles(user)
        own = Role.REQUESTER in roles and row.invited_by_id == user.pk
        with TestCase.captureOnCommitCallbacks(execute=True):
            self.do(
                "invite anew" if anew else "revoke invitation",
                lambda: act(user=user, invitation_id=row.pk),
                may=user.organisation_id == row.organisation_id
                and (Role.ADMINISTRATOR in roles or own)
                and not InvitationEnd.objects.filter(invitation=row).exists(),
            )
        self.links += map(people.link_in, mail.outbox[before:])

    @rule(
        index=INDEX,
        who=st.integers(-16, 13),
        forged=st.sampled_from([False, False, False, True]),
        password=st.sampled_from([people.PASSWORD, people.PASSWORD, "short"]),
    )
    def accept(self, index: int, who: int, forged: bool, password: str) -> None:
        """Use a link that one got, found or made up: as a newcomer, or signed in."""
        if not self.links or index > 10:  # somebody is asked by who may
            self.restore_accounts()
            self.invite(9 if index % 2 else 0, Role.DEPICTED_PERSON, -1)
        if not self.links:
            return
        link = self.links[-1 - index % min(4, len(self.links))]
        link = link[:-4] + "0000" if forged else link
        user = None if who < 0 else self.user(who)
        row = self.do("open invitation", lambda: invitation_open(link), may=not forged, told=False)
        if row is not None:
            assert not InvitationEnd.objects.filter(invitation=row).exists()
            assert row.expires_at > self.moment
            assert row.invited_by is None or self._may_invite(row.invited_by, Role(row.role))
            invited = User.objects.filter(email=row.address.email).first()
            if invited is not None and who < -8:
                user = invited  # whom it went to
        self.do(
            "accept invitation",
            lambda: invitation_accept(
                link=link,
                user=user,
                newcomer=Newcomer("Somebody New", password),
                person_class=PersonClass.ADULT,
            ),
            may=row is not None
            and (user == invited if invited else user is None and password != "short"),  # noqa: S105
        )

    # -- sign in --------------------------------------------------------------------------------

    @rule(who=INDEX, wrong=st.sampled_from(["", "", "password", "code"]))
    def sign_in(self, who: int, wrong: str) -> None:
        """Ask for a token at the API's own door, with the right credentials or not."""
        user = self.user(who)
        self.moment += timedelta(minutes=6)  # wrong codes are counted for five minutes
        given = people.credentials_of(user)
        given |= {"password": "another one"} if wrong == "password" else {}
        given |= {"code": "000000"} if wrong == "code" else {}
        answers: list[Any] = []
        self.do(
            "sign in",
            lambda: answers.append(Client().post("/api/v1/auth/login", given)),
        )
        accepted = answers[0].status_code == 200
        right = not wrong or (wrong == "code" and not has_second_factor(user))
        assert accepted <= (right and user.is_active), answers[0].content
        assert accepted or answers[0].status_code in (401, 403, 429), answers[0].content

    @rule(who=INDEX)
    def lose_factors(self, who: int) -> None:
        """The telephone is lost: the operator drops the factors, and nobody confirms by them."""
        user = self.user(who)
        self.do("drop factors", lambda: factors_drop(user=user))
        assert not has_second_factor(user)

    @rule(who=INDEX)
    def change_password(self, who: int) -> None:
        user = self.user(who)
        if user.is_active:
            self.do("change password", lambda: password_change(user=user, password=people.PASSWORD))
            assert check_password(people.PASSWORD, self.user(who).password)

    # -- identity by a provider -----------------------------------------------------------------

    def _provider(self) -> str:
        """Let the organisation's people be asked for by the provider that runs."""
        name = f"walk-{self.users[0].organisation_id.hex[:8]}"
        pattern = settings.RAKKAN_PROVIDERS["acme-proof"]
        settings.RAKKAN_PROVIDERS[name] = replace(
            pattern,
            id=name,
            organisation=self.users[0].organisation_id,
            relying=replace(pattern.relying, server=self.oidc.url, secret=self.oidc.client_secret),
        )
        return name

    @rule(who=st.sampled_from([2, 2, 3, 13, 8, 0]), session=st.integers(0, 1))
    def ask_a_provider(self, who: int, session: int) -> None:
        if AssuranceRequest.objects.count() >= 6:
            return
        user, provider = self.user(who), self._provider()
        answer = self.do(
            "ask identity provider",
            lambda: assurance_ask(
                user=user, provider=provider, session=f"s{session}", callback=_CALLBACK
            ),
            may=Role.DEPICTED_PERSON in user_roles(user)
            and user.organisation_id == self.users[0].organisation_id,
        )
        if answer is not None:
            self.asked.append((answer[0], answer[1], f"s{session}"))

    @rule(
        who=st.integers(-20, 13),
        index=INDEX,
        lie=st.sampled_from([*[""] * 6, "session", "state", "no code", "nonce", "old", "level"]),
    )
    def answer_from_a_provider(self, who: int, index: int, lie: str) -> None:
        """Come back from the provider: with what it said, with a part made up, or as another."""
        if not self.asked or index > 9:  # who may asks first
            self.restore_accounts()
            self.ask_a_provider(2, index % 2)
        if not self.asked:
            return
        address, kept, session = self.asked[-1 - index % min(3, len(self.asked))]
        request = AssuranceRequest.objects.get(pk=kept.request_id)
        user = request.asked_by if who < 0 else self.user(who)
        user = User.objects.get(pk=user.pk)
        self.oidc.claims = self._said(lie)
        back = parse_qs(urlsplit(self.oidc.allow(address)).query)
        returned = Returned(
            session="elsewhere" if lie == "session" else session,
            asked=kept,
            state="made up" if lie == "state" else back["state"][0],
            code="" if lie == "no code" else back["code"][0],
            callback=_CALLBACK,
        )
        provider = self._provider()
        self.do(
            "answer from identity provider",
            lambda: assurance_answer(user=user, provider=provider, returned=returned),
            may=not lie
            and user.pk == request.asked_by_id
            and Role.DEPICTED_PERSON in user_roles(user)
            and request.issued_at <= self.moment + timedelta(seconds=1) < request.expires_at,
        )

    def _said(self, lie: str) -> dict[str, Any]:
        """What the provider tells, by the clock of the walk."""
        vouched = oidc_provider.vouched_for(**_NAMED)
        ago = timedelta(days=4000 if lie == "old" else 30)
        vouched["verification"]["time"] = (self.moment - ago).isoformat()
        if lie == "level":
            vouched["verification"]["assurance_level"] = "low"
        said: dict[str, Any] = {"sub": "1"}  # tokens live by the machine's clock
        said |= {"nonce": "another"} if lie == "nonce" else {}
        return said | {"verified_claims": vouched}

    # -- evidence, and who acts for others ------------------------------------------------------

    @rule(who=st.sampled_from([6, 6, 0, 2, 8, 4]), index=INDEX)
    def look_at_evidence(self, who: int, index: int) -> None:
        checks = list(IdentityCheck.objects.order_by("submitted_at"))
        if not checks:
            return
        user, check = self.user(who), checks[index % len(checks)]
        shown = self.do(
            "look at evidence",
            lambda: evidence_view(user=user, check_id=check.pk),
            may=Role.IDENTITY_REVIEWER in user_roles(user)
            and user.organisation_id == check.person.organisation_id,
        )
        if shown is not None:
            shown.stream.close()
            assert "identity.evidence.viewed" in self.watch.told_just_now()

    @rule(who=INDEX, index=INDEX, renew=st.booleans(), own=st.booleans())
    def renew_guardianship(self, who: int, index: int, renew: bool, own: bool) -> None:
        """Hand in newer evidence, or look at what was handed in."""
        row = self._guardianship(index)
        if row is None:
            return
        user = User.objects.get(pk=row.guardian_id) if own and renew else self.user(who)
        if not renew:
            self.do(
                "look at evidence of a guardian",
                lambda: guardianship_evidence_view(user=user, guardianship_id=row.pk),
                may=Role.IDENTITY_REVIEWER in user_roles(user)
                and user.organisation_id == row.person.organisation_id,
            )
        elif Guardianship.objects.count() < 6:
            photo = SimpleUploadedFile("p.png", self.photo(), "image/png")
            self.do(
                "renew guardianship",
                lambda: guardianship_renew(user=user, guardianship_id=row.pk, evidence=photo),
                may=user.pk == row.guardian_id and Role.DEPICTED_PERSON in user_roles(user),
            )

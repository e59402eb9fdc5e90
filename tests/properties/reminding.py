"""Who is told, and told again: reminders of what waits, messages to endpoints."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Delegation
from rakkan.approvals.services import Verdict as Vote
from rakkan.approvals.services import delegation_add, notices_due, notices_make
from rakkan.productions.models import Production
from rakkan.productions.services.remind import reminders_send
from rakkan.productions.states import State
from rakkan.webhooks.models import TOPICS, Endpoint, Message
from rakkan.webhooks.services import endpoint_add, message_resend
from rakkan.webhooks.tasks import deliver
from tests.properties.inspecting import Inspecting
from tests.properties.keeping import Receiver
from tests.properties.walk import INDEX


class Reminding(Inspecting):
    """The walk so far, and these."""

    # -- what waits is not forgotten ---------------------------------------------------------------

    @rule(
        index=INDEX,
        hours=st.sampled_from([1, 23, 25, 49, 73, 100]),
        absence=st.sampled_from(["", "", "nobody", "deputy"]),
        decides=st.booleans(),
    )
    def let_wait(self, index: int, hours: int, absence: str, decides: bool) -> None:
        """Nobody decides for hours, one is away perhaps; then who reminds comes by, twice."""
        self.restore_accounts()
        for _ in range(2):
            production = self.production(index)
            if production is None or production.state != State.DRAFT:
                break
            self._step(index)
        if production is None or production.state != State.IN_APPROVAL:
            return
        if absence and Delegation.objects.count() < 6:
            user, deputy = self.user(4), self.user(5) if absence == "deputy" else None
            self.do(
                "go away",
                lambda: delegation_add(
                    user=user,
                    to_user_id=deputy.pk if deputy else None,
                    valid_from=self.moment,
                    valid_until=self.moment + timedelta(days=4),
                ),
                told=False,
            )
        if decides:
            self.decide(5, self._place(production), "right", Vote.APPROVE)
        self.moment += timedelta(hours=hours)
        before = len(mail.outbox)
        self._assert_none_is_overlooked()
        for _ in range(2):
            self.do("remind", reminders_send, told=False)
        ids = [message.extra_headers["Message-ID"] for message in mail.outbox[before:]]
        assert len(set(ids)) == len(ids), "somebody was told twice"

    @staticmethod
    def _assert_none_is_overlooked() -> None:
        """The quick look at all that waits leaves out nothing that is due."""
        rows = Production.objects.filter(state=State.IN_APPROVAL)
        waiting = list(rows.values_list("pk", flat=True))
        found = notices_due(waiting)
        for pk in waiting:
            with transaction.atomic():
                assert not notices_make(pk) or pk in found, "somebody would not hear of it"
                transaction.set_rollback(True)

    # -- messages -------------------------------------------------------------------------------

    @rule(by=st.sampled_from([9, 12, 11, 0]), which=INDEX)
    def tell_again(self, by: int, which: int) -> None:
        """What was delivered is asked for once more, and comes once more."""
        self.restore_accounts()
        boss = self.user(9)
        if not Endpoint.objects.filter(end=None, organisation=boss.organisation_id).exists():
            self.do(
                "add endpoint",
                lambda: endpoint_add(user=boss, url=Receiver.url, topics=list(TOPICS)),
            )
        Receiver.status = 204
        self.do("task deliver", deliver, told=False)
        rows = list(Message.objects.filter(endpoint__end=None).order_by("queued_at", "pk"))
        if not rows:
            return
        user, message = self.user(by), rows[which % len(rows)]
        over, tried = message.attempts.last(), message.attempts.count()
        asked = self.do(
            "resend message",
            lambda: message_resend(
                user=user, endpoint_id=message.endpoint_id, message_id=message.pk
            ),
            may=Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == message.endpoint.organisation_id
            and over is not None
            and over.next_at is None,
        )
        self.do("task deliver", deliver, told=False)
        if asked is not None:
            assert message.attempts.count() == tried + 1

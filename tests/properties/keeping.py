"""Who changes the rules, is told, keeps and erases: administrators, endpoints, terms, tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.tasks import forget
from rakkan.approvals.matching import Match, StepPlan
from rakkan.approvals.models import ForbiddenUse, Policy
from rakkan.approvals.ruling import RuleChange
from rakkan.approvals.services import (
    ForbiddenText,
    PolicyText,
    Reason,
    forbidden_use_propose,
    policy_propose,
    rule_change_decide,
    rule_retire,
)
from rakkan.audit.tasks import months, sequence
from rakkan.lifecycle.models import Erasure, Kind, RetentionPeriod
from rakkan.lifecycle.selectors import holds_live
from rakkan.lifecycle.services import erasure_ask, retention_set
from rakkan.lifecycle.tasks import erase, resume, retention
from rakkan.previews.models import Preview
from rakkan.productions.tasks import read_preview, reconcile_all, remind, seal
from rakkan.webhooks.models import TOPICS, Endpoint, Message
from rakkan.webhooks.services import endpoint_add, endpoint_end, message_resend
from rakkan.webhooks.tasks import deliver
from tests.properties.errands import Errands
from tests.properties.walk import INDEX, PLANS

BOSSES = st.sampled_from([9, 9, 12, 12, 11, 0, 4])  # two of the organisation, one of another
BEGINS = st.sampled_from([None, None, 60, 86_400, -60])  # seconds from now
_MATCHES = [
    Match(),
    Match(channels=("website",)),
    Match(purposes=("marketing",)),
    Match(territories=("US",)),
    Match(person_classes=("minor", "deceased")),
]


class Receiver:
    """A real HTTP server that endpoints point to; it answers what it is told to."""

    status: ClassVar[int] = 204
    url: ClassVar[str] = ""

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[None]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(cls.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        cls.url = f"http://127.0.0.1:{server.server_port}/hook"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Keeping(Errands):
    """The walk, its errands, and these."""

    # -- rules, by two administrators -----------------------------------------------------------

    @rule(
        by=BOSSES,
        name=st.sampled_from(["default", "more"]),
        steps=st.sampled_from(PLANS),
        match=st.sampled_from(_MATCHES),
        reviewers=st.integers(0, 1),
        begins=BEGINS,
    )
    def propose_policy(
        self,
        by: int,
        name: str,
        steps: list[StepPlan],
        match: Match,
        reviewers: int,
        begins: int | None,
    ) -> None:
        if Policy.objects.count() >= 12:
            return
        user, wide = self.user(by), match if name == "more" else Match()
        text = PolicyText(name, tuple(steps), wide, priority=len(name), reviewers=reviewers)
        self.do(
            "propose policy",
            lambda: policy_propose(user=user, text=text, effective_from=self._begin(begins)),
            may=Role.ADMINISTRATOR in user_roles(user) and (begins or 0) >= 0,
        )

    @rule(by=BOSSES, match=st.sampled_from(_MATCHES[1:]), begins=BEGINS)
    def forbid_use(self, by: int, match: Match, begins: int | None) -> None:
        if ForbiddenUse.objects.count() >= 4:
            return
        user, text = self.user(by), ForbiddenText("never", match, Reason("Why.", "なぜ。"))
        self.do(
            "forbid use",
            lambda: forbidden_use_propose(user=user, text=text, effective_from=self._begin(begins)),
            may=Role.ADMINISTRATOR in user_roles(user) and (begins or 0) >= 0,
        )

    @rule(by=BOSSES, index=INDEX, kind=st.sampled_from(["policy", "forbidden_use"]))
    def retire_rule(self, by: int, index: int, kind: str) -> None:
        rows: list[Any] = list((Policy if kind == "policy" else ForbiddenUse).objects.all())
        if not rows:
            return
        user, one = self.user(by), rows[index % len(rows)]
        if kind == "policy" and one.name == "default":
            return  # without any policy nothing is made any more
        self.do(
            "retire rule",
            lambda: rule_retire(user=user, kind=kind, rule_id=one.pk),
            may=Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == one.organisation_id,
        )

    @rule(by=BOSSES, index=INDEX, accepted=st.booleans(), fresh=st.booleans())
    def decide_rule(self, by: int, index: int, accepted: bool, fresh: bool) -> None:
        rows = list(RuleChange.objects.filter(proposed_by__isnull=False).order_by("-proposed_at"))
        if not rows:
            return
        change = rows[index % min(3, len(rows))]
        if self.chance.random() < 0.5:  # the other one of the two administrators
            self.restore_accounts()
            by = 12 if change.proposed_by_id == self.users[9].pk else 9
        if fresh:
            self.confirm(by, used=False)
        user = self.user(by)
        self.do(
            "decide rule",
            lambda: rule_change_decide(user=user, change_id=change.pk, accepted=accepted),
            may=Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == change.organisation_id
            and not hasattr(change, "decision")
            and (not accepted or self._confirmed(user)),
        )

    def _begin(self, seconds: int | None) -> Any:
        return None if seconds is None else self.moment + timedelta(seconds=seconds + 1)

    # -- who is told ----------------------------------------------------------------------------

    @rule(by=BOSSES, topics=st.sampled_from([TOPICS, TOPICS[:1], ["nothing"]]), own=st.booleans())
    def add_endpoint(self, by: int, topics: list[str], own: bool) -> None:
        user = self.user(by)
        url = Receiver.url if own else "http://127.0.0.2:9/hook"
        self.do(
            "add endpoint",
            lambda: endpoint_add(user=user, url=url, topics=list(topics)),
            may=Role.ADMINISTRATOR in user_roles(user) and own and topics != ["nothing"],
        )

    @rule(by=BOSSES, index=INDEX)
    def end_endpoint(self, by: int, index: int) -> None:
        rows = list(Endpoint.objects.order_by("added_at"))
        if not rows:
            return
        user, endpoint = self.user(by), rows[index % len(rows)]
        self.do(
            "end endpoint",
            lambda: endpoint_end(user=user, endpoint_id=endpoint.pk),
            may=Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == endpoint.organisation_id
            and not hasattr(endpoint, "end"),
        )

    @rule(by=BOSSES, index=INDEX)
    def resend_message(self, by: int, index: int) -> None:
        rows = list(Message.objects.order_by("queued_at", "pk"))
        if not rows:
            return
        user, message = self.user(by), rows[index % len(rows)]
        over = message.attempts.last()
        self.do(
            "resend message",
            lambda: message_resend(
                user=user, endpoint_id=message.endpoint_id, message_id=message.pk
            ),
            may=Role.ADMINISTRATOR in user_roles(user)
            and user.organisation_id == message.endpoint.organisation_id
            and over is not None
            and over.next_at is None
            and not hasattr(message.endpoint, "end"),
        )

    # -- what is kept, and what goes --------------------------------------------------------------

    @rule(by=BOSSES, kind=st.sampled_from(Kind), days=st.sampled_from([0, 1, 7, 3650]))
    def set_period(self, by: int, kind: Kind, days: int) -> None:
        if RetentionPeriod.objects.count() >= 8:
            return
        user = self.user(by)
        self.do(
            "set period",
            lambda: retention_set(user=user, kind=kind, days=days),
            may=Role.ADMINISTRATOR in user_roles(user) and days >= 1,
        )

    @rule(who=INDEX, really=st.integers(0, 3), carry_out=st.booleans())
    def ask_for_erasure(self, who: int, really: int, carry_out: bool) -> None:
        """Mostly by somebody who may not; by who is seen or heard now and then."""
        user = self.either(who, self.user(2), self.user(13))
        roles, person = user_roles(user), getattr(user, "person", None)
        # It is theirs to ask, whoever took a role away; with others, what they did stays theirs.
        mine = roles <= {Role.DEPICTED_PERSON} and (roles or person is not None)
        if mine and really:
            return
        asked = self.do(
            "ask for erasure",
            lambda: erasure_ask(user=user),
            may=bool(mine)
            and not Erasure.objects.filter(asked_by=user).exists()
            and not holds_live().filter(person=person).exists(),
        )
        if asked is not None and carry_out:
            self.do("carry out erasure", partial(erase, str(asked[0].pk)))

    # -- messages: late, twice, out of order ------------------------------------------------------

    @rule(which=INDEX, index=INDEX, times=st.integers(1, 3), status=st.sampled_from([204, 500]))
    def run_task(self, which: int, index: int, times: int, status: int) -> None:
        """A message of the broker arrives, once or again, for whatever it may be about."""
        Receiver.status = status
        tasks = self._tasks(index)
        name, task = tasks[which % len(tasks)]
        for _ in range(times):
            self.do(f"task {name}", task, told=False)

    def _tasks(self, index: int) -> list[tuple[str, Callable[[], Any]]]:
        tasks: list[tuple[str, Callable[[], Any]]] = [
            ("sequence", sequence),
            ("reconcile", reconcile_all),
            ("deliver", deliver),
            ("retention", retention),
            ("resume", resume),
            ("forget", forget),
            ("remind", remind),
            ("months", months),
        ]
        previews = list(Preview.objects.order_by("requested_at"))
        if previews:
            newest = previews[-1 - index % len(previews)]
            tasks.append(("read preview", partial(read_preview, str(newest.pk))))
        erasures = list(Erasure.objects.order_by("asked_at"))
        if erasures:
            tasks.append(("erase", partial(erase, str(erasures[index % len(erasures)].pk))))
        production = self.production(index)
        if production is not None and self.may_seal(production):
            tasks.append(("seal", partial(seal, str(production.pk))))
        return tasks

    @rule(seconds=st.sampled_from([-1, -60, -600, -3600, -86_400, 1, 600, 86_400]))
    def move_clock(self, seconds: int) -> None:
        """The clock of the machine is set: back or ahead; a clock that was ahead is set back."""
        self.set_clock(seconds)
        self.do("clock", lambda: None)

"""A random walk of people, workers, clocks and intruders over the productions of an organisation.

Every command goes through the services; after each of them :class:`Watch` looks at all rows. The
clock stands still within a command and goes on by a second between two, so that "before" and
"after" are never in doubt.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, ClassVar
from unittest.mock import patch

from django.conf import settings
from django.contrib.sessions.backends.cache import SessionStore
from django.core import mail
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from compliance.errors import ComplianceError
from compliance.permit import Capabilities, JobKind, Verdict
from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.sign_in import in_session, sign_in
from rakkan.approvals.services import StepPlan, policy_add
from rakkan.approvals.services import Verdict as Vote
from rakkan.audit.services import LogUnsound
from rakkan.core.errors import RakkanError, Unavailable
from rakkan.core.requests import request_id_start
from rakkan.likenesses.models import Likeness, Voice
from rakkan.productions.models import Production, new_asset_id
from rakkan.productions.services.create import Cast
from rakkan.productions.services.finish import CRASHED
from tests.integration import people
from tests.properties import sql
from tests.properties.watch import Watch

PRODUCTIONS = 6  # at most, in one walk
SECONDS = 2.0  # of every clip: to seal one and to read its mark back takes as long as it has frames
INDEX = st.integers(0, 13)
NEVER = (CRASHED, LogUnsound.code)  # refusals that only a mistake of ours makes
SNEAK = 5  # commands between two tries by SQL
SHIFTS = (-600, -60, -1, 1, 60)  # seconds by which the clock is set, at any point
WORKER = Capabilities("walk:1", tuple(JobKind), ("mesh", "lips"))
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
    speech: ClassVar[bytes] = b""  # as long as a clip
    finishes: ClassVar[int] = 1  # sealings with a real file in one walk: each takes a second

    def __init__(self) -> None:
        super().__init__()
        self.began = perf_counter()
        self.moment = timezone.now()
        self.watch = Watch(Walk.reached)
        self.leases: list[Lease] = []
        self.finished = 0
        self.browsers = [SessionStore(), SessionStore()]  # nothing of them is stored
        self.browser = 0  # the one that whoever acts sits at
        self.commands = 0
        self.tried: Counter[str] = Counter()  # ways by SQL
        self.behind = timedelta(0)  # how far the clock was set back
        self._atomic = transaction.atomic()
        self._atomic.__enter__()
        mail.outbox = []
        # A log is of one history, and so is a walk.
        folder = Path(settings.STORAGES["blobs"]["OPTIONS"]["location"]) / "log"
        shutil.rmtree(folder, ignore_errors=True)
        self._patches = [
            patch.object(timezone, "now", lambda: self.moment),
            patch.object(Production._meta.get_field("asset_id"), "_get_default", self.asset_id),
        ]
        for each in self._patches:
            each.start()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # what failed already is told by its own error
                self.watch.check(whole=True)
        finally:
            for each in self._patches:
                each.stop()
            transaction.set_rollback(True)
            self._atomic.__exit__(None, None, None)
        took = f"{perf_counter() - self.began:.0f} s; "
        sys.stdout.write(took + so_far(Walk.tally, Walk.reached))  # seen with -s
        sys.stdout.flush()

    # -- the people ---------------------------------------------------------------------------

    @initialize(
        steps=st.sampled_from(PLANS),
        head=st.integers(0, 14),
        watched=st.integers(0, 1),
        ending=st.sampled_from(["", "", "", "", "", "no", "fault"]),
        seed=st.integers(0, 2**32 - 1),
    )
    def a_team(
        self, steps: list[StepPlan], head: int, watched: int, ending: str, seed: int
    ) -> None:
        """People, and ``head`` steps of the way of two productions, or one that comes to an end.

        The ends have to be begun with: whole walks leave out the rules that lead there.
        """
        self.chance = Random(seed)  # noqa: S311  of a test
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
            people.administrator_of(team),
            make(team.organisation, Role.DEPICTED_PERSON),
        ]
        if ending:
            self.go_on(0, 1 + head % 2)  # as far as a draft, or into the approval
            self.turn_down(0, Vote.REJECT) if ending == "no" else self.give_up(0, "input")
            return
        self.go_on(0, min(head, 7))
        if head > 7:
            cast = Cast(Likeness.objects.all()[0], Voice.objects.all()[0])
            self._draft(self.user(1), cast, wide=False)
            self.measure(Verdict.USABLE)
            self.go_on(1, head - 7)

    def user(self, index: int) -> User:
        """Fresh from the database, as a request would get it."""
        return User.objects.get(pk=self.users[index % len(self.users)].pk)

    def either(self, who: int, *theirs: User | None) -> User:
        """The user of that number; half of the time one whose business it is, if there is one.

        Who may is one of fourteen: drawn blindly, too little would ever be accepted.
        """
        found = [one for one in theirs if one is not None]
        if found and self.chance.random() < 0.5:
            return User.objects.get(pk=self.chance.choice(found).pk)
        return self.user(who)

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
        request_id_start()
        answer, refusal = None, None
        try:
            with in_session(self.browsers[self.browser]):
                answer = act()
        except (RakkanError, ComplianceError) as error:
            refusal = error
        Walk.tally[f"{name} {'refused' if refusal else 'accepted'}"] += 1
        assert getattr(refusal, "code", "") not in NEVER, f"{name} broke off: {refusal!r}"
        if refusal is None:
            assert may, f"{name} was accepted from somebody who may not"
        elif told and not isinstance(refusal, (ComplianceError, Unavailable)) and _news(refusal):
            told_names = self.watch.told_since()
            silent = not any(event.endswith(".refused") for event in told_names)
            assert not silent, f"{name} was refused and no event says so: {refusal}"
        self.watch.check()
        self._meanwhile()
        return answer

    def here(self) -> str:
        """The name of the sign-in that commands are given in now."""
        with in_session(self.browsers[self.browser]):
            return sign_in()

    def _meanwhile(self) -> None:
        """Between any two commands: somebody with the database at hand, a clock that is set."""
        self.commands += 1
        if self.commands % SNEAK == 0:
            production = self.production(self.chance.randrange(PRODUCTIONS))
            if production is not None:
                self._sneak(production, self.chance.randrange(10_000))
        if self.chance.random() < 0.03:
            self.set_clock(self.chance.choice(SHIFTS))

    def _sneak(self, production: Production, draw: int) -> None:
        """Try, of what there is something to try on, what was tried least in this walk."""
        order = self.chance.sample(sql.ATTEMPTS, len(sql.ATTEMPTS))
        order.sort(key=lambda each: self.tried[each.__name__])
        for attempt in order:
            if self._intrude(production, attempt, draw):
                return

    def _intrude(self, production: Production, attempt: sql.Attempt, draw: int) -> bool:
        """Make one try; say whether there was anything to try it on."""
        statements = attempt(production, draw)
        if not statements:
            return False
        self.tried[attempt.__name__] += 1
        answer = sql.refused(statements)
        assert answer is not False, f"PostgreSQL lets {attempt.__name__} pass: {statements}"
        if answer:
            Walk.tally[f"sql {attempt.__name__} refused"] += 1
        return True

    def set_clock(self, seconds: int) -> None:
        """Set the clock; where it was set back before, it comes right first."""
        self.moment += self.behind
        self.behind = timedelta(seconds=-min(seconds, 0))
        self.moment += timedelta(seconds=seconds)

    def asset_id(self) -> str:
        """An asset id whose clip was made before the walk, for the next draft."""
        return next((name for name in self.assets if not _taken(name)), new_asset_id())

    # -- reading ------------------------------------------------------------------------------

    def productions(self) -> list[Production]:
        return list(Production.objects.order_by("created_at"))

    def production(self, index: int, *likelier: str) -> Production | None:
        """The production of that number; half of the time one in a state that is asked for."""
        rows = self.productions()
        wanted = [row for row in rows if row.state in likelier]
        if wanted and self.chance.random() < 0.5:
            rows = wanted
        return rows[index % len(rows)] if rows else None


def so_far(tally: Counter[str], reached: Counter[str]) -> str:
    """How far a walk is, in a line."""
    refused = sum(n for name, n in tally.items() if name.endswith("refused"))
    tries = sum(n for name, n in tally.items() if name.startswith("sql "))
    states = " ".join(sorted(reached))
    return f"{tally.total()} commands, {refused} refused, {tries} by SQL; states: {states}\n"


def _news(refusal: RakkanError) -> bool:
    """Whether a refusal has to be in the log: that a message came twice is no news."""
    return refusal.code not in ("job-not-claimable", "already-received")


def _taken(asset_id: str) -> bool:
    return Production.objects.filter(asset_id=asset_id).exists()

"""What auditors read, keep watch on and take away, and what the log's own clerks do."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core import mail
from django.db import connection
from django.test import TestCase
from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance.ledger import LogProof, verify_log_proof
from compliance.ledger.store import CHECKPOINT
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_roles
from rakkan.accounts.roles import Role
from rakkan.approvals.services import delegations_given, deputies
from rakkan.audit.log import log_trust
from rakkan.audit.models import Event, SelfCheck
from rakkan.audit.services import (
    checkpoint_publish,
    checkpoint_vouch,
    log_advance,
    log_file,
    months_make,
    newest_checkpoint,
)
from rakkan.config.tasks import look
from rakkan.consents.models import Consent
from rakkan.core.cache import cache_forget
from rakkan.identity.models import IdentityCheck
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.models import Watch, WatchHit
from rakkan.inspection.services import (
    Form,
    export_stream,
    index_update,
    list_note,
    log_read,
    proof_file,
    reading_note,
    watch_add,
    watch_end,
    watch_look,
    watches_of,
    whole_log_stream,
)
from rakkan.inspection.services.reading import Personal
from rakkan.inspection.tasks import hourly, index
from rakkan.lifecycle.models import LegalHold
from rakkan.lifecycle.services import retention_report_of
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.productions.models import Production
from rakkan.vault.services import subject_keys_rewrap
from tests.properties.joining import Joining
from tests.properties.walk import INDEX

READERS = st.sampled_from([7, 7, 7, 8, 0, 2, 4, 9])  # the auditor, one of elsewhere, the others
_FILTERS = st.sampled_from(
    [
        LogFilter(),
        LogFilter(domain="consents"),
        LogFilter(domain="approvals"),
        LogFilter(name="dispatch.permit.issued"),
        LogFilter(text="refused"),
    ]
)


class Inspecting(Joining):
    """The walk so far, and these."""

    def __init__(self) -> None:
        super().__init__()
        self.watched: dict[UUID, int] = {}  # watch-list -> number of the first event compared

    # -- who reads ------------------------------------------------------------------------------

    @rule(who=READERS, asked=_FILTERS, oldest=st.booleans())
    def read_log(self, who: int, asked: LogFilter, oldest: bool) -> None:
        """A page of the log, and the next one: all of it one's own organisation's."""
        user = self.user(who)
        self.do("index", index, told=False)

        def page(cursor: str = "") -> Any:
            actor = check_user_has_role(user, Role.AUDITOR)
            return log_read(actor=actor, asked=asked, cursor=cursor, limit=10, oldest_first=oldest)

        found = self.do("read log", page, may=self._audits(user), told=False)
        if found is not None:
            assert "audit.log.read" in self.watch.told_just_now()
            self._assert_own(user, found.events)
            if found.on:
                more = self.do("read log", lambda: page(found.on), told=False)
                self._assert_own(user, more.events)
                both = {event.pk for event in found.events} & {event.pk for event in more.events}
                assert not both, "an event is on two pages"

    @staticmethod
    def _audits(user: User) -> bool:
        return user.is_active and Role.AUDITOR in user_roles(user)

    @staticmethod
    def _assert_own(user: User, events: list[Event]) -> None:
        owners = {event.organisation_id for event in events}
        assert owners <= {str(user.organisation_id)}, "an auditor sees another organisation's acts"

    @rule(who=READERS, asked=_FILTERS)
    def add_watch(self, who: int, asked: LogFilter) -> None:
        if Watch.objects.count() >= 4:
            return
        user = self.user(who)
        made = self.do(
            "add watch",
            lambda: watch_add(user=user, label="Walk", asked=asked),
            may=self._audits(user),
        )
        if made is not None:
            self.watched[made.pk] = made.upto

    @rule(who=READERS, which=INDEX, end=st.sampled_from([False, False, False, True]))
    def look_at_watch(self, who: int, which: int, end: bool) -> None:
        """Look at what a watch-list matched, or end it; everybody has their own."""
        if not Watch.objects.exists():
            self.add_watch(7, LogFilter())
        rows = list(Watch.objects.order_by("made_at"))
        if not rows:
            return
        self.do("index", index, told=False)
        user, row = self.user(who), rows[which % len(rows)]
        may = self._audits(user) and row.owner_id == user.pk
        counted = {one.watch.pk: one.total for one in watches_of(user)}
        assert set(counted) == {one.pk for one in rows if one.owner_id == user.pk}
        if end:
            self.do("end watch", lambda: watch_end(user=user, watch_id=row.pk), may=may)
            return
        found = self.do(
            "look at watch", lambda: watch_look(user=user, watch_id=row.pk), may=may, told=False
        )
        if found is not None:
            self._assert_own(user, found[0])
            assert len(found[0]) == min(counted[row.pk], 50)
            self._assert_none_is_missed(row)

    def _assert_none_is_missed(self, row: Watch) -> None:
        """Whatever fits, of all that was compared since it was made, is a match."""
        row.refresh_from_db()
        own = Event.objects.filter(organisation_id=str(row.organisation_id))
        values = [str(row.organisation_id), row.terms, self.watched[row.pk], row.upto]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT * FROM inspection_range(%s, %s::bigint[], '-infinity', 'infinity', %s, %s)",
                values,
            )
            fits = {number for (number,) in cursor.fetchall()}
        hits = WatchHit.objects.filter(watch=row).values_list("sequence", flat=True)
        assert fits == set(hits), "a match was missed"
        assert fits <= set(own.values_list("leaf__sequence", flat=True)), "somebody else's"

    def tell_watchers(self) -> None:
        """Mail auditors about matches: once a day at most, and nobody who audits no more."""
        before = len(mail.outbox)
        with TestCase.captureOnCommitCallbacks(execute=True):
            self.do("task hourly", hourly, told=False)
        for message in mail.outbox[before:]:
            assert self._audits(User.objects.get(email=message.to[0]))

    @rule(who=READERS, asked=_FILTERS, form=st.sampled_from(Form))
    def export_log(self, who: int, asked: LogFilter, form: Form) -> None:
        """Take a selection away, to the end or not; it holds nothing of anybody else's."""
        user = self.user(who)
        self._publish()
        self.do("index", index, told=False)
        stream = self.do(
            "export log",
            lambda: export_stream(user=user, asked=asked, form=form),
            may=self._audits(user),
        )
        if stream is None:
            return
        assert "audit.log.exported" in self.watch.told_just_now()
        if form is Form.CSV:
            next(stream, b"")  # whoever goes away in the middle gives the turn back
            stream.close()
            return
        events = _events_of(b"".join(stream))
        owners = {event["organisation_id"] for event in events}
        assert owners <= {str(user.organisation_id)}, "an export holds somebody else's events"

    def export_whole_log(self) -> None:
        """Who runs the place takes everything: as many events as the checkpoint says."""
        self._publish()
        stream = self.do("export whole log", whole_log_stream, told=False)
        if stream is not None:
            newest = newest_checkpoint()
            assert newest is not None
            assert len(_events_of(b"".join(stream))) == newest.size

    @rule(who=READERS, which=INDEX)
    def prove_event(self, who: int, which: int) -> None:
        if which % 3:
            self.restore_accounts()
            self._publish()
        events = list(Event.objects.order_by("-written")[:40])
        user, event = self.user(who), events[which * 3 % len(events)]
        found = self.do(
            "prove event",
            lambda: proof_file(user=user, event_id=event.pk),
            may=self._audits(user) and event.organisation_id == str(user.organisation_id),
        )
        if found is not None:
            number, proof = found
            assert number == event.leaf.sequence
            verify_log_proof(LogProof.parse(proof), event.canonical.encode(), log_trust())

    @rule(who=INDEX, which=INDEX)
    def show_personal_data(self, who: int, which: int) -> None:
        """Note who is shown whose data: an event the first time in an hour, none of one's own."""
        rows: list[Personal] = [*self._things()]
        if not rows:
            return
        user, thing = self.user(who), rows[which % len(rows)]
        self.do("show personal data", lambda: reading_note(user=user, shown=[thing]))
        self.do("show a list", lambda: list_note(user=user, listed="productions", shown=[thing]))
        told = Event.objects.filter(
            name="inspection.personal_data.read", actor_id=str(user.pk), object_id=str(thing.pk)
        )
        mine = isinstance(thing, User) and thing.pk == user.pk
        assert not (mine and told.exists()), "a look at one's own is no news"
        elsewhere = isinstance(thing, User) and thing.pk != user.pk
        assert not elsewhere or told.exists(), "nobody learns who was shown an account"

    def _things(self) -> list[Any]:
        tables = (Consent, Guardianship, IdentityCheck, LegalHold, Likeness, Production, Voice)
        return [row for table in tables for row in table.objects.all()[:3]] + self.users[:5]

    @rule(who=INDEX)
    def look_around(self, who: int) -> None:
        """Read what pages offer: whom one could name, whom one has named, what is due."""
        user = self.user(who)
        own = {user.organisation_id}
        assert {one.organisation_id for one in deputies(user)} <= own
        assert all(one.from_user_id == user.pk for one in delegations_given(user))
        due = self.do(
            "read what is due",
            lambda: retention_report_of(user),
            may=bool({Role.ADMINISTRATOR, Role.AUDITOR} & user_roles(user)),
            told=False,
        )
        assert due is None or {one.organisation_id for one in due} <= own

    # -- the log's own clerks -------------------------------------------------------------------

    @rule(which=st.integers(0, 6))
    def tend_the_log(self, which: int) -> None:
        """What the clerk does by and by, each at any time; it finds the log as it should be."""
        acts: list[tuple[str, Callable[[], Any]]] = [
            ("advance", log_advance),
            ("publish", lambda: checkpoint_publish(due=True)),
            ("vouch", checkpoint_vouch),
            ("index alone", index_update),
            ("make months", months_make),
            ("forget cache", cache_forget),
            ("wrap keys", subject_keys_rewrap),
        ]
        name, act = acts[which]
        self.do(name, act, told=False)

    def _publish(self) -> None:
        """Number what there is, and sign it."""
        self.tend_the_log(0)
        self.tend_the_log(1)

    @rule(which=st.integers(0, 2))
    def look_after_the_log(self, which: int) -> None:
        """The errands of those who run the place."""
        (self.check_log, self.export_whole_log, self.tell_watchers)[which]()

    def check_log(self) -> None:
        """The walls and the log are looked at, whatever was tried before, and are as declared."""
        self.do("task self-check", look, told=False)
        last = SelfCheck.objects.order_by("made_at").last()
        assert last is not None
        assert not last.findings, last.findings
        note, newest = log_file(CHECKPOINT), newest_checkpoint()
        assert (note is None) == (newest is None)
        assert newest is None or note is None or note.decode().startswith(newest.note)


def _events_of(archive: bytes) -> list[dict[str, Any]]:
    """The events of an export."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        lines = held.read("events.jsonl").splitlines()
    return [json.loads(line)["event"] for line in lines]

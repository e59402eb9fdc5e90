"""Looks at what each command changed; now and then, and at the end, at everything.

Which tables a command wrote to, PostgreSQL says: a walk is one transaction, and it counts the rows
written in each. What no table that a promise speaks of has changed, cannot have broken it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import connection

from rakkan.approvals.models import Workflow
from rakkan.approvals.notices import Notice
from rakkan.approvals.ruling import RuleChangeDecision
from rakkan.audit.models import Event
from rakkan.dispatch.models import IssuedPermit
from rakkan.evidence.models import PackEnd, PackReady
from rakkan.lifecycle.models import Disposal, Erasure
from rakkan.previews.models import Preview, PreviewFile, PreviewReading, PreviewViewing
from rakkan.productions.models import LipsMeasurement, Production, Rendering
from rakkan.productions.states import State
from rakkan.releases.models import Release
from rakkan.webhooks.models import Attempt
from tests.properties import afterwards, invariants, rulebook, waiting
from tests.properties.files import preview_sha256
from tests.properties.replay import Replay, compare

WHOLE = 100  # commands between two looks at everything

_WRITTEN = """
    SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
    UNION ALL SELECT 'newest event', COALESCE(max(written), 0) FROM audit_event
    UNION ALL SELECT 'events', count(*) FROM audit_event
    UNION ALL SELECT 'numbers', count(*) FROM audit_leaf
    UNION ALL SELECT 'next number', COALESCE(max(sequence) + 1, 0) FROM audit_leaf
"""


class Watch:
    """Looks after each command, and remembers what it has seen of what only grows."""

    def __init__(self, reached: Counter[str]) -> None:
        self._reached = reached  # how often a production came into each state
        self._states: dict[UUID, State] = {}
        self._seen: set[UUID] = set()  # rows that only grow, looked at closely once
        self._viewed: set[UUID] = set()
        self._written: dict[str, int] = {}  # rows written to each table so far
        self._events = 0
        self._before = 0
        self._last = 0  # number of the newest event of the commands before
        self._looks = 0
        self._replay = Replay()

    def check(self, *, whole: bool = False) -> None:
        """Assert every promise that the last command could have broken; with ``whole``, each."""
        self._looks += 1
        whole = whole or self._looks % WHOLE == 0
        changed = self._changed()
        self._check_log()
        for look in _CLOSE_LOOKS:
            if whole or changed & look.tables:
                look(self)
        for standing in (*invariants.STANDING, *afterwards.STANDING):
            if whole or changed & standing.tables:
                standing()
        if whole:
            self._replay.read_on()
            compare(self._replay.tables)
        self._before, self._last = self._last, self._written["newest event"]

    def told_since(self) -> set[str]:
        """Return the names of the events that a command wrote, before it is looked at."""
        rows = Event.objects.filter(written__gt=self._last)
        return set(rows.values_list("name", flat=True))

    def told_just_now(self) -> set[str]:
        """Return the names of the events of the command that was looked at last."""
        rows = Event.objects.filter(written__gt=self._before, written__lte=self._last)
        return set(rows.values_list("name", flat=True))

    def _changed(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(_WRITTEN)
            written = dict(cursor.fetchall())
        before, self._written = self._written, written
        return {table for table, rows in written.items() if rows != before.get(table, 0)}

    def _check_log(self) -> None:
        written = self._written
        assert written["numbers"] == written["next number"], "the log has a gap"
        assert written["events"] >= self._events, "an event has gone"
        self._events = written["events"]

    # Rows that only grow are looked at closely once, right after the command that wrote them:
    # what had ended before it is there as a row then, whatever the clock says.

    @invariants.reads(IssuedPermit)
    def _permits(self) -> None:
        rows = IssuedPermit.objects.filter(job__kind="render").exclude(pk__in=self._seen)
        for permit in rows.select_related("job"):
            invariants.check_permit(permit)
            self._seen.add(permit.pk)

    @invariants.reads(Rendering)
    def _renderings(self) -> None:
        for rendering in Rendering.objects.exclude(pk__in=self._seen).select_related("permit__job"):
            invariants.check_rendering(rendering)
            self._seen.add(rendering.pk)

    @invariants.reads(LipsMeasurement)
    def _lips(self) -> None:
        rows = LipsMeasurement.objects.exclude(pk__in=self._seen)
        for lips in rows.select_related("rendering", "job"):
            invariants.check_lips(lips)
            self._seen.add(lips.pk)

    @invariants.reads(Release)
    def _releases(self) -> None:
        for release in Release.objects.exclude(pk__in=self._seen).select_related("gate"):
            invariants.check_release(release)
            self._seen.add(release.pk)

    @invariants.reads(IssuedPermit, PreviewFile, PreviewViewing)
    def _previews(self) -> None:
        """No preview without live consents: neither drawn, nor kept, nor shown."""
        drawn = IssuedPermit.objects.filter(job__kind="preview").exclude(pk__in=self._seen)
        moments: list[tuple[UUID, UUID, datetime]] = list(
            drawn.values_list("pk", "job__subject_id", "issued_at")
        )
        for table, column in ((PreviewFile, "received_at"), (PreviewViewing, "viewed_at")):
            rows = table.objects.exclude(pk__in=self._seen)
            moments += rows.values_list("pk", "preview_id", column)
        for pk, preview_id, moment in moments:
            preview = Preview.objects.get(pk=preview_id)
            production = invariants.production_of(preview.subject_id)
            invariants.assert_consent_is_live(production, moment)
            assert moment < preview.expires_at
            self._seen.add(pk)

    @invariants.reads(Workflow, RuleChangeDecision)
    def _rules(self) -> None:
        for workflow in Workflow.objects.exclude(pk__in=self._seen):
            rulebook.check_workflow(workflow)
            self._seen.add(workflow.pk)
        for decision in RuleChangeDecision.objects.exclude(pk__in=self._seen):
            rulebook.check_rule_decision(decision)
            self._seen.add(decision.pk)

    @invariants.reads(Erasure, Disposal, Attempt)
    def _afterwards(self) -> None:
        for table, check in (
            (Erasure, afterwards.check_erasure),
            (Disposal, afterwards.check_disposal),
            (Attempt, afterwards.check_attempt),
        ):
            for row in table.objects.exclude(pk__in=self._seen):
                check(row)
                self._seen.add(row.pk)

    @invariants.reads(PackReady, PackEnd)
    def _packs(self) -> None:
        """Evidence is of what was released, and goes with its term and with who was erased."""
        for table, check in (
            (PackReady, afterwards.check_pack),
            (PackEnd, afterwards.check_pack_end),
        ):
            for row in table.objects.exclude(pk__in=self._seen):
                check(row)
                self._seen.add(row.pk)

    @invariants.reads(Notice)
    def _notices(self) -> None:
        """Nobody hears of a step who may not decide it, and nobody hears of it twice."""
        for notice in Notice.objects.exclude(pk__in=self._seen):
            waiting.check_notice(notice)
            self._seen.add(notice.pk)
        waiting.check_mails()

    @invariants.reads(PreviewReading)
    def _readings(self) -> None:
        """A preview is read as its own where its own picture was handed in, and nowhere else."""
        for reading in PreviewReading.objects.exclude(pk__in=self._seen):
            own = preview_sha256(reading.file.preview.asset_id)
            assert reading.file.file_sha256 == own, "another picture was read as a preview's own"
            self._seen.add(reading.pk)

    @invariants.reads(PreviewViewing)
    def _viewings(self) -> None:
        """Nobody watches a preview who may not, or that nobody read; each look is in the log."""
        rows = PreviewViewing.objects.exclude(pk__in=self._viewed).select_related("preview", "user")
        for viewing in rows:
            production = invariants.production_of(viewing.preview.subject_id)
            assert viewing.user_id != production.likeness.person.user_id
            assert viewing.user.organisation_id == production.organisation_id
            read = PreviewReading.objects.filter(file__preview=viewing.preview)
            assert read.exists(), "shown before its own pixels named it"
            for name, least in (("read", 1), ("viewed", viewing.preview.viewings.count())):
                told = Event.objects.filter(name=f"previews.preview.{name}")
                told = told.filter(data__preview=str(viewing.preview_id))
                assert told.count() >= least, f"no event says that a preview was {name}"
            self._viewed.add(viewing.pk)

    @invariants.reads(Production)
    def _states_changed(self) -> None:
        for pk, value in Production.objects.values_list("pk", "state"):
            state, before = State(value), self._states.get(pk)
            if state is not before:
                for step in invariants.path(before, state):
                    invariants.assert_told(pk, step, self._last)
                    self._reached[step.value] += 1
                self._states[pk] = state


_CLOSE_LOOKS = (
    *(Watch._permits, Watch._renderings, Watch._lips, Watch._releases, Watch._previews),
    *(Watch._viewings, Watch._readings, Watch._rules, Watch._afterwards, Watch._packs),
    *(Watch._notices, Watch._states_changed),
)

"""Watch-lists: an auditor keeps a filter under a name and is told of new events that match.

The index grows in the order of the log without gaps, a batch in one transaction. So a watch-list
need only remember up to which number it has compared: what is below was compared once, and its
matches were written in the transaction that moved the number. None is missed, none told twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor, user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_numbered
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotFound, Refused
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.mail import watches_mail
from rakkan.inspection.models import Watch, WatchHit
from rakkan.inspection.services.index import indexed
from rakkan.inspection.services.read import told_of

MOST = 50  # watch-lists of one auditor
STRIDE = 20_000  # numbers compared in one transaction
PAUSE = timedelta(days=1)  # between two messages to one auditor

_MATCH = """
INSERT INTO inspection_watchhit (watch_id, sequence)
SELECT %(watch)s, sequence FROM inspection_range(
    %(organisation)s, %(terms)s::bigint[], %(since)s::timestamptz, %(until)s::timestamptz,
    %(first)s, %(end)s
) AS fresh (sequence)
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """A watch-list as its owner sees it.

    Attributes:
        watch: the row; ``label`` and ``asked`` are in words.
        fresh: matches that its owner has not looked at.
        total: all matches.
    """

    watch: Watch
    fresh: int
    total: int


def watch_add(*, user: User, label: str, asked: LogFilter, language: str = "en") -> Watch:
    """Keep a filter; events that get a number from now on are compared with it.

    Raises:
        NotPermitted: the acting user is no auditor.
        Refused: they have as many as there may be.
    """
    subject = Subject("watch", "", "new watch-list")
    with refusal_recorded(EventName.INSPECTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.AUDITOR)
        if Watch.objects.filter(owner=user).count() >= MOST:
            raise Refused(
                f"You have {MOST} watch-lists already.",
                code="watches-full",
                remedy="End one that you need no more.",
            )
        begin = indexed()
        watch = Watch.objects.create(
            organisation=user.organisation,
            owner=user,
            label=label,
            asked=asked.told(),
            terms=asked.terms(actor.organisation_id),
            since=asked.since,
            until=asked.until,
            language=language[:5],
            made_at=timezone.now(),
            upto=begin,
            seen=begin,
            mailed=begin,
        )
        about = Subject("watch", str(watch.pk))
        told = {"filters": told_of(asked)}
        event_record(EventName.WATCH_ADDED, actor=actor, subject=about, data=told)
        return watch


def watch_end(*, user: User, watch_id: UUID | str) -> None:
    """Delete one's own watch-list with its matches.

    Raises:
        NotPermitted: the acting user is no auditor.
        NotFound: they have no such watch-list.
    """
    subject = Subject("watch", str(watch_id))
    with refusal_recorded(EventName.INSPECTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.AUDITOR)
        watch_get(user, watch_id).delete()
        event_record(EventName.WATCH_ENDED, actor=actor, subject=subject)


def watch_get(user: User, watch_id: UUID | str) -> Watch:
    """Return one's own watch-list.

    Raises:
        NotPermitted: the acting user is no auditor.
        NotFound: they have no such watch-list.
    """
    check_user_has_role(user, Role.AUDITOR)
    watch = Watch.objects.filter(pk=watch_id, owner=user).first()
    if watch is None:
        raise NotFound(f"There is no watch-list {watch_id}.")
    return watch


def watches_of(user: User) -> list[Watched]:
    """Return one's own watch-lists with their counts, in the order they were made."""
    fresh = Count("hits", filter=Q(hits__sequence__gte=F("seen")))
    rows = Watch.objects.filter(owner=user).annotate(fresh=fresh, total=Count("hits"))
    return [Watched(row, row.fresh, row.total) for row in rows]


@transaction.atomic
def watch_look(
    *, user: User, watch_id: UUID | str, before: int | None = None, limit: int = 50
) -> tuple[list[Event], int | None]:
    """Return a page of a watch-list's matches, the newest first; looking marks them as seen.

    Args:
        user: its owner.
        watch_id: which one.
        before: the number that ended the page before.
        limit: events on a page.

    Returns:
        The events, and the number for the next page, or None if this is the last.

    Raises:
        NotPermitted: the acting user is no auditor.
        NotFound: they have no such watch-list.
    """
    watch = watch_get(user, watch_id)
    hits = WatchHit.objects.filter(watch=watch).order_by("-sequence")
    if before is not None:
        hits = hits.filter(sequence__lt=before)
    numbers = list(hits.values_list("sequence", flat=True)[: limit + 1])
    Watch.objects.filter(pk=watch.pk).update(seen=F("upto"))
    actor = check_user_has_role(user, Role.AUDITOR)
    subject = Subject("watch", str(watch.pk))
    told = {"filters": told_of(LogFilter.of(watch.asked))}
    event_record(EventName.LOG_READ, actor=actor, subject=subject, data=told)
    more = numbers[limit - 1] if len(numbers) > limit else None
    return events_numbered(numbers[:limit]), more


def watches_update() -> int:
    """Compare what was indexed since with every watch-list and return how many matches are new."""
    end, found = indexed(), 0
    for pk in list(Watch.objects.filter(upto__lt=end).values_list("pk", flat=True)):
        while (new := _compare(pk, end)) is not None:
            found += new
    return found


@transaction.atomic
def _compare(watch_id: UUID, end: int) -> int | None:
    """Compare the next stride of numbers; None if there is none, or another process is at it."""
    rows = Watch.objects.select_for_update(skip_locked=True, of=("self",))
    watch = rows.filter(pk=watch_id, upto__lt=end).first()
    if watch is None:
        return None
    stop = min(end, watch.upto + STRIDE)
    values: dict[str, Any] = {
        "watch": watch.pk,
        "first": watch.upto,
        "end": stop,
        "organisation": str(watch.organisation_id),
        "terms": watch.terms,
        "since": watch.since or "-infinity",
        "until": watch.until or "infinity",
    }
    with connection.cursor() as cursor:
        cursor.execute(_MATCH, values)
        found: int = cursor.rowcount
    Watch.objects.filter(pk=watch.pk).update(upto=stop)
    return found


def watches_tell() -> int:
    """Mail auditors about matches they were not told of, once a day at most; return how many."""
    waiting = Watch.objects.filter(hits__sequence__gte=F("mailed")).values("owner").distinct()
    return sum(_tell(owner) for owner in User.objects.filter(pk__in=waiting, is_active=True))


@transaction.atomic
def _tell(owner: User) -> bool:
    watches = list(Watch.objects.select_for_update().filter(owner=owner))
    last = max((watch.mailed_at for watch in watches if watch.mailed_at), default=None)
    if last is not None and timezone.now() - last < PAUSE:
        return False
    if not user_has_role(owner, Role.AUDITOR):
        return False
    hits = WatchHit.objects.filter(watch__in=watches, sequence__gte=F("watch__mailed"))
    counted = hits.aggregate(
        events=Count("sequence", distinct=True), lists=Count("watch", distinct=True)
    )
    if not counted["events"]:
        return False
    now = timezone.now()
    Watch.objects.filter(owner=owner).update(mailed=F("upto"), mailed_at=now)
    message = watches_mail(owner, watches[-1].language, counted["events"], counted["lists"])
    transaction.on_commit(message.send, robust=True)
    return True

"""Read holds, erasures and periods."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import Refused
from rakkan.lifecycle.models import Erasure, Kind, LegalHold, RetentionPeriod, Step
from rakkan.likenesses.guardians import persons_ever_of, persons_of
from rakkan.likenesses.models import Person
from rakkan.productions.models import Production

DEFAULT_DAYS = {  # where an organisation has set no period of its own
    Kind.DRAFT: 180,
    Kind.INPUT: 180,
    Kind.RENDERING: 30,
    Kind.EVIDENCE: 30,
    Kind.RELEASE: 90,
}


def holds_live() -> QuerySet[LegalHold]:
    """Return the holds that stand now."""
    return LegalHold.objects.filter(end=None, valid_until__gt=timezone.now())


def hold_stands(hold: LegalHold) -> bool:
    """Say whether a hold, read with its end, stands now."""
    return getattr(hold, "end", None) is None and hold.valid_until > timezone.now()


def holds_visible(user: User) -> QuerySet[LegalHold]:
    """Return the holds of the organisation, for those who may set them and for auditors.

    Raises:
        NotPermitted: the user is neither.
    """
    check_user_has_role(user, Role.APPROVER, Role.AUDITOR)
    rows = LegalHold.objects.filter(organisation=user.organisation_id)
    return rows.select_related("person__user", "set_by", "end")


def persons_to_hold(user: User) -> QuerySet[Person]:
    """Return on whom an approver may set a hold: persons of the organisation, none of their side.

    Raises:
        NotPermitted: no approver.
    """
    check_user_has_role(user, Role.APPROVER)
    rows = Person.objects.filter(organisation=user.organisation_id, erasure=None)
    return rows.exclude(pk__in=persons_ever_of(user).values("pk")).select_related("user")


def holds_told(user: User) -> QuerySet[LegalHold]:
    """Return the holds on the acting person, or on whom they act for, that they may know of."""
    return holds_live().filter(person__in=persons_of(user), told=True)


def persons_seen_or_heard_with(person: Person) -> QuerySet[Person]:
    """Return a person and everybody whose photo or voice one video has with theirs.

    What such a video is made of is about both: neither's erasure can leave the other's part.
    """
    made = Production.objects.filter(Q(likeness__person=person) | Q(speaker__person=person))
    seen, heard = made.values("likeness__person"), made.values("speaker__person")
    return Person.objects.filter(Q(pk=person.pk) | Q(pk__in=seen) | Q(pk__in=heard))


def check_not_held(person: Person) -> None:
    """Raise while a legal hold stands on a person, or on somebody in the same videos.

    Raises:
        Refused: with the hold's reason, where the person may know of it.
    """
    rows = holds_live().filter(person__in=persons_seen_or_heard_with(person))
    own = rows.filter(person=person).order_by("-valid_until").first()
    hold = own or rows.order_by("-valid_until").first()
    if hold is None:
        return
    why = f" Its reason: {hold.reason}" if own and hold.told else ""
    what = "this data" if own else "videos in which somebody else is seen or heard too"
    raise Refused(
        f"A legal hold keeps {what} until {hold.valid_until:%Y-%m-%d}.{why}",
        code="legal-hold",
        remedy="Ask again when the hold has ended, or ask the organisation's legal department.",
    )


def erasure_is_done(erasure: Erasure) -> bool:
    """Say whether every step is done."""
    return erasure.steps.count() == len(Step)


def erasures_open() -> QuerySet[Erasure]:
    """Return the erasures that have steps left."""
    finished = Q(steps__name=Step.KEYS.value)
    return Erasure.objects.exclude(pk__in=Erasure.objects.filter(finished).values("pk"))


@dataclass(frozen=True, slots=True)
class Period:
    """How long a kind of thing is kept, and by whose word: ``None`` is the default."""

    kind: Kind
    days: int
    said: RetentionPeriod | None


def periods_visible(user: User) -> list[Period]:
    """Return the periods of the organisation, one of each kind.

    Raises:
        NotPermitted: neither an administrator nor an auditor.
    """
    check_user_has_role(user, Role.ADMINISTRATOR, Role.AUDITOR)
    return [_period(user.organisation_id, kind) for kind in Kind]


def _period(organisation_id: UUID, kind: Kind) -> Period:
    rows = RetentionPeriod.objects.filter(organisation=organisation_id, kind=kind.value)
    newest = rows.select_related("set_by").order_by("-set_at").first()
    return Period(kind, newest.days if newest else DEFAULT_DAYS[kind], newest)


def period_days(organisation_id: UUID, kind: Kind) -> int:
    """Return how many days an organisation keeps a kind of thing."""
    return _period(organisation_id, kind).days

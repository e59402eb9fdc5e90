"""End a guardianship: what was allowed under it is withdrawn, and ends as every withdrawal does."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.consents.selectors import consents_of_guardian
from rakkan.consents.services import withdrawal_record
from rakkan.likenesses.models import Guardianship
from rakkan.likenesses.services import guardianship_close
from rakkan.productions.services.ending import end_carry_out
from rakkan.productions.services.withdraw import withdrawal_tell

_REASON = "Whoever gave it acts for the person no longer."


def guardianship_end(*, user: User, guardianship_id: UUID | str) -> Guardianship:
    """End a guardianship, as the guardian or as a reviewer, with every consent given under it.

    Raises:
        NotFound: there is none of that id that the acting user may end.
        Refused: it has ended.
    """
    subject, actor = Subject("guardianship", str(guardianship_id)), user_actor(user)
    with refusal_recorded(EventName.GUARDIANSHIP_REFUSED, actor=actor, subject=subject):
        ended = guardianship_close(user=user, guardianship_id=guardianship_id)
        consents = consents_of_guardian(ended)
        for consent in consents:
            withdrawal_record(user=user, consent=consent, reason=_REASON, actor=actor)
            withdrawal_tell(consent)
    for consent in consents:
        end_carry_out(consent, actor=actor)
    return ended


def guardianships_end_of(*, user: User) -> int:
    """End the guardianships an account still has, before it is closed; return how many."""
    rows = Guardianship.objects.filter(guardian=user, end=None)
    found = list(rows.values_list("pk", flat=True))
    for guardianship_id in found:
        guardianship_end(user=user, guardianship_id=guardianship_id)
    return len(found)

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
    for consent in consents:
        end_carry_out(consent, actor=actor)
    return ended

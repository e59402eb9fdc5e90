"""Accept an invitation: account, role and, for a depicted person, their record, at once."""

from rakkan.accounts.links import invitation_of
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.accounts.roles import Role
from rakkan.accounts.services import Newcomer, invitation_use
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded, system
from rakkan.likenesses.classes import OWN_CLASSES, PersonClass
from rakkan.likenesses.services.person import person_ensure


def invitation_accept(
    *,
    link: str,
    user: User | None = None,
    newcomer: Newcomer | None = None,
    person_class: PersonClass = PersonClass.ADULT,
) -> User:
    """Return the account that joined; raises as :func:`invitation_use`.

    Args:
        link: of the invitation.
        user: who is signed in, if anybody is.
        newcomer: what somebody without an account filled in.
        person_class: of a depicted person whose record is made now; who was invited to act for
            a minor or deceased person makes that record next, with evidence.
    """
    invitation = invitation_of(link)
    subject = Subject("invitation", str(invitation.pk) if invitation else "")
    organisation = invitation.organisation_id if invitation else ""
    actor = user_actor(user) if user else system("invitation", organisation)
    with refusal_recorded(EventName.INVITATION_REFUSED, actor=actor, subject=subject):
        member, used = invitation_use(link=link, user=user, newcomer=newcomer)
        if used.role == Role.DEPICTED_PERSON and person_class in OWN_CLASSES:
            person_ensure(user=member, person_class=person_class)
    return member

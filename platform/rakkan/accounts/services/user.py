"""Make organisations and accounts."""

import json

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from knox.models import AuthToken

from rakkan.accounts.mail import mail_forget
from rakkan.accounts.models import Membership, Organisation, User
from rakkan.accounts.roles import LONGEST_AUDIT, Role
from rakkan.accounts.services.roles import membership_add
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, system


@transaction.atomic
def organisation_ensure(*, name: str) -> Organisation:
    """Return the organisation of that name, made if needed."""
    organisation, made = Organisation.objects.get_or_create(name=name)
    if made:
        event_record(
            EventName.ORGANISATION_ADDED,
            actor=system("setup", organisation.pk),
            subject=Subject("organisation", str(organisation.pk)),
            rows=[organisation],
        )
    return organisation


def user_add(
    *, organisation: Organisation, email: str, name: str, password: str, actor: Actor
) -> User:
    """Make an account without a role, in the caller's transaction."""
    user = User.objects.create_user(email, password, name=name, organisation=organisation)
    subject = Subject("user", str(user.pk))
    event_record(EventName.USER_ADDED, actor=actor, subject=subject, rows=[user])
    return user


@transaction.atomic
def user_ensure(
    *, organisation: Organisation, email: str, name: str, password: str, roles: tuple[Role, ...]
) -> User:
    """Return the user of that address with these roles and this password, made if needed.

    For setting an organisation up; an auditor gets the longest term there is.
    """
    user = User.objects.filter(email=email).first()
    actor = system("accounts", organisation.pk)
    if user is None:
        user = user_add(
            organisation=organisation, email=email, name=name, password=password, actor=actor
        )
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    held = set(Membership.objects.live().filter(user=user).values_list("role", flat=True))
    for role in roles:
        if role.value not in held:
            until = timezone.now() + LONGEST_AUDIT if role is Role.AUDITOR else None
            membership_add(user=user, role=role, actor=actor, granted_by=None, valid_until=until)
    return user


@transaction.atomic
def user_erase(*, user: User) -> int:
    """Overwrite what is personal about an account and close it; return how much was deleted.

    The row stays, because others name it; what proves things names its id only.
    """
    row = User.objects.select_for_update().get(pk=user.pk)
    count, was_open = mail_forget(row.email), row.is_active
    row.email, row.name, row.is_active = f"{row.pk}@erased.invalid", "Erased", False
    row.last_login = None
    row.set_unusable_password()
    row.save()
    if was_open:
        event_record(
            EventName.USER_DEACTIVATED,
            actor=system("erasure", row.organisation_id),
            subject=Subject("user", str(row.pk)),
            rows=[row],
        )
    for rows in (
        AuthToken.objects,
        EmailAddress.objects,
        Authenticator.objects,
        UserSession.objects,
        SocialAccount.objects,  # and with them their tokens
    ):
        count += rows.filter(user=row).delete()[0]
    for session in Session.objects.iterator():
        if _is_about(session, row):
            session.delete()
            count += 1
    return count


def _is_about(session: Session, user: User) -> bool:
    """Say whether a session is the user's, or one in which they had begun to sign in."""
    said = json.dumps(session.get_decoded(), default=str)
    return str(user.pk) in said or user.pk.hex in said


def sessions_forget() -> int:
    """Delete sessions that ran out, with where they came from; return how many."""
    over = Session.objects.filter(expire_date__lt=timezone.now())
    keys = list(over.values_list("session_key", flat=True))
    UserSession.objects.filter(session_key__in=keys).delete()
    over.filter(session_key__in=keys).delete()
    return len(keys)

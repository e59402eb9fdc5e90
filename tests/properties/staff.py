"""Who has which role at the start of a walk, and how they get it back: by the services alone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rakkan.accounts.factors import has_second_factor
from rakkan.accounts.models import Membership, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import STRONG, Role, may_be_held_together
from rakkan.accounts.services import role_grant, role_revoke, totp_ensure, user_reactivate
from rakkan.lifecycle.models import Erasure
from tests.integration.people import TOTP_SECRET

ADMINISTRATOR = 9
HOMES = {  # index of the user -> the role that is theirs
    ADMINISTRATOR: Role.ADMINISTRATOR,
    0: Role.REQUESTER,
    2: Role.DEPICTED_PERSON,
    4: Role.APPROVER,
    5: Role.APPROVER,
    6: Role.IDENTITY_REVIEWER,
    7: Role.AUDITOR,
    10: Role.OPERATOR,
    12: Role.ADMINISTRATOR,
    13: Role.DEPICTED_PERSON,
}


def restore(users: list[User]) -> None:
    """Give everybody their own role back; there always is an administrator who can."""
    boss = users[ADMINISTRATOR]
    acting = Membership.objects.live().filter(
        role=Role.ADMINISTRATOR.value,
        user__is_active=True,
        user__organisation=boss.organisation_id,
    )
    if not acting.filter(user=boss).exists():
        _home(acting[0].user, boss, Role.ADMINISTRATOR)
    erased = set(Erasure.objects.values_list("asked_by", flat=True))
    for index, role in HOMES.items():
        if index != ADMINISTRATOR and users[index].pk not in erased:
            _home(boss, users[index], role)


def _home(boss: User, member: User, role: Role) -> None:
    member = User.objects.get(pk=member.pk)
    held = user_roles(member)
    if role in STRONG and not has_second_factor(member):
        totp_ensure(user=member, secret=TOTP_SECRET)
    if member.is_active and role in held:
        return
    boss = User.objects.get(pk=boss.pk)
    if not member.is_active:
        user_reactivate(user=boss, member_id=member.pk)
        member.refresh_from_db()
        held = user_roles(member)
    for other in held:
        if not may_be_held_together(role, other):
            role_revoke(user=boss, of=member.pk, role=other)
    if role not in held:
        until = timezone.now() + timedelta(days=30) if role is Role.AUDITOR else None
        role_grant(user=boss, to=member.pk, role=role, valid_until=until)

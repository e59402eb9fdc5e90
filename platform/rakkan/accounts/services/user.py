"""Make organisations and accounts."""

from django.db import transaction

from rakkan.accounts.models import Membership, Organisation, User
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system


@transaction.atomic
def organisation_ensure(*, name: str) -> Organisation:
    """Return the organisation of that name, made if needed."""
    return Organisation.objects.get_or_create(name=name)[0]


@transaction.atomic
def user_ensure(
    *, organisation: Organisation, email: str, name: str, password: str, roles: tuple[Role, ...]
) -> User:
    """Return the user of that address with these roles and this password, made if needed."""
    user = User.objects.filter(email=email).first()
    actor = system("accounts", organisation.pk)
    if user is None:
        user = User.objects.create_user(email, password, name=name, organisation=organisation)
        event_record(EventName.USER_ADDED, actor=actor, subject=Subject("user", str(user.pk)))
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    for role in roles:
        _, granted = Membership.objects.get_or_create(user=user, role=role.value)
        if granted:
            subject, data = Subject("user", str(user.pk)), {"role": role.value}
            event_record(EventName.ROLE_GRANTED, actor=actor, subject=subject, data=data)
    return user

"""Who may act at all. *When* something may happen is the business of each app's services."""

from rakkan.accounts.models import Membership, User
from rakkan.accounts.roles import Role
from rakkan.audit.services import Actor
from rakkan.core.errors import NotPermitted


def user_roles(user: User) -> frozenset[Role]:
    """Return the roles an active user holds at this moment; an inactive one has none."""
    if not user.is_active:
        return frozenset()
    held = Membership.objects.live().filter(user=user)
    return frozenset(Role(value) for value in held.values_list("role", flat=True))


def check_user_has_role(user: User, *roles: Role) -> Actor:
    """Return the user as an actor in the first of ``roles`` they hold.

    Raises:
        NotPermitted: they hold none of them.
    """
    held = user_roles(user)
    for role in roles:
        if role in held:
            return Actor(str(user.pk), role.value, str(user.organisation_id))
    wanted = ", ".join(role.value.replace("_", " ") for role in roles)
    raise NotPermitted(
        f"Your role does not allow this; it takes: {wanted}.",
        remedy="Sign in with an account that has this role, or ask whoever manages accounts.",
    )


def user_has_role(user: User, *roles: Role) -> bool:
    """Say whether :func:`check_user_has_role` would pass."""
    try:
        check_user_has_role(user, *roles)
    except NotPermitted:
        return False
    return True


def users_with_role(organisation_id: object, role: Role) -> list[User]:
    """Return the active users of an organisation who hold a role at this moment, by name."""
    held = Membership.objects.live().filter(role=role.value)
    rows = User.objects.filter(organisation_id=str(organisation_id), is_active=True)
    return list(rows.filter(pk__in=held.values("user")).order_by("name", "pk"))


def user_actor(user: User) -> Actor:
    """Return the user as an actor where the role does not matter (a refusal, a sign-in)."""
    roles = sorted(role.value for role in user_roles(user))
    return Actor(str(user.pk), "+".join(roles) or "none", str(user.organisation_id))

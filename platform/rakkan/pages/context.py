"""What every page knows: the roles of whoever looks at it."""

from django.http import HttpRequest

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles


def roles(request: HttpRequest) -> dict[str, object]:
    """Return the roles of the signed-in user."""
    user = getattr(request, "user", None)
    return {"roles": {role.value for role in user_roles(user)} if isinstance(user, User) else set()}

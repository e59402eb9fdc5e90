"""What every address of the API asks of an account."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from rakkan.accounts.factors import check_second_factor
from rakkan.accounts.models import User

if TYPE_CHECKING:  # it reads the settings that name this module
    from rest_framework.views import APIView


class HasSecondFactor(BasePermission):
    """Roles that decide or administer do nothing before they have a second factor."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let pass, or raise what is missing."""
        check_second_factor(cast("User", request.user))
        return True

"""Whose token a request came with, which one, and whose rows it may therefore see."""

from typing import Any

from knox import auth
from rest_framework.request import Request

from rakkan.accounts.sign_in import serve_token
from rakkan.core.tenancy import as_system, serve_organisation


class TokenAuthentication(auth.TokenAuthentication):  # type: ignore[misc]  # knox ships no types
    """Bearer tokens of people's programs."""

    def authenticate(self, request: Request) -> Any:
        """Look the token up among all; go on as the organisation of its owner."""
        with as_system():
            found = super().authenticate(request)
        if found is not None:
            serve_organisation(found[0].organisation_id)
            serve_token(found[1].token_key)
        return found

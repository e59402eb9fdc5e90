"""Signing in through an organisation's identity provider: only into accounts that are there."""

from typing import Any, ClassVar

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.shortcuts import redirect

from rakkan.accounts.services.federation import account_of
from rakkan.accounts.services.session import session_refusal_record
from rakkan.core.errors import Refused


class FederationAdapter(DefaultSocialAccountAdapter):
    """Providers come from the operator's file; nobody signs up through one."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Say no."""
        return False

    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[Any]:
        """Return the providers of the file; the table allauth has for them is not asked."""
        found = super().list_apps(request, provider=provider, client_id=client_id)
        return [app for app in found if app.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account this is about, or refuse.

        Raises:
            ImmediateHttpResponse: back to the provider's page, which says that it was refused.
        """
        said = [one.email for one in sociallogin.email_addresses if one.verified]
        try:
            account_of(sociallogin, verified=said)
        except Refused as refused:
            session_refusal_record(code=refused.code)
            raise _back(sociallogin.account.provider) from refused

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Refuse what the provider said, or what somebody says in its name.

        Raises:
            ImmediateHttpResponse: back to the provider's page, which says that it was refused.
        """
        session_refusal_record(code="provider-refused")
        raise _back(provider.sub_id)


def _back(provider_id: str) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(redirect("organisation-refused", provider_id))


class CheckedOidcAdapter(OpenIDConnectOAuth2Adapter):
    """allauth's, but nothing is believed that the provider has not signed.

    1. The ID token has to be there, and its signature, issuer, audience and age have to hold
       (OpenID Connect Core 1.0, section 3.1.3.7).
    2. Where the address is not in it, the user info may add it, if it is about the same subject
       (section 5.3.2).
    """

    algorithms: ClassVar[frozenset[str]] = frozenset({"RS256", "PS256", "ES256", "EdDSA"})

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return who the provider says this is.

        Raises:
            OAuth2Error: it cannot be believed.
        """
        claims = self._checked(app, kwargs["response"].get("id_token"))  # 1
        if "email" not in claims:
            info = self._fetch_user_info(token.token)
            if info.get("sub") != claims["sub"]:  # 2
                raise OAuth2Error("The user info is about somebody else.")
            claims |= {name: info[name] for name in ("email", "email_verified") if name in info}
        provider: Any = self.get_provider()  # type: ignore[no-untyped-call]  # allauth is annotated in part
        found: SocialLogin = provider.sociallogin_from_response(request, {"id_token": claims})
        return found

    def _checked(self, app: SocialApp, id_token: str | None) -> dict[str, Any]:
        if not id_token:
            raise OAuth2Error("There is no ID token.")
        config = self.openid_config
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in self.algorithms or "kid" not in header:
            raise OAuth2Error("The ID token is not signed by a public key.")
        return jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )

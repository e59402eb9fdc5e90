"""Ask an identity provider: OpenID Connect's code flow, with PKCE, over HTTP.

allauth's client signs people in and has no place for a nonce or the ``claims`` parameter; its
session of ``requests`` (time-outs, proxies) is used here too.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote_plus, urlencode

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge

from rakkan.core.errors import Refused, Unavailable
from rakkan.identity.assurance import Delivery, Relying, claims_asked

_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser keeps between asking and the answer, all of it random."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the direct channel; nothing of it has been checked."""

    issuer: str
    keys: dict[str, Any]
    id_token: str
    userinfo: str


def question_make(relying: Relying, callback: str) -> tuple[str, Question]:
    """Return where to send the browser, and what it has to keep.

    Raises:
        Unavailable: the provider does not answer.
    """
    config, pkce = _discovered(relying), generate_code_challenge()
    question = Question(token_urlsafe(32), token_urlsafe(32), pkce["code_verifier"])
    asked = {
        "response_type": "code",
        "client_id": relying.client_id,
        "redirect_uri": callback,
        "scope": "openid",
        "state": question.state,
        "nonce": question.nonce,
        "code_challenge": pkce["code_challenge"],
        "code_challenge_method": pkce["code_challenge_method"],
        "claims": json.dumps(claims_asked(relying.accepted), separators=(",", ":")),
        "prompt": "login",  # whoever is signed in there need not be who sits here
    }
    return f"{config['authorization_endpoint']}?{urlencode(asked)}", question


def answer_fetch(relying: Relying, *, code: str, verifier: str, callback: str) -> Answer:
    """Exchange a code for what the provider says.

    Raises:
        Refused: the provider does not take the code, or sends no ID token.
        Unavailable: it does not answer.
    """
    config = _discovered(relying)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": verifier,
        "client_id": relying.client_id,
    }
    headers = {}
    if "client_secret_post" in config.get("token_endpoint_auth_methods_supported", []):
        form["client_secret"] = relying.secret
    else:  # what a provider that says nothing takes (OpenID Connect Discovery 1.0, section 3)
        headers["Authorization"] = _basic(relying)
    said = _json(config["token_endpoint"], form=form, headers=headers)
    userinfo = ""
    if relying.accepted.claims_in is Delivery.USERINFO:
        bearer = {"Authorization": f"Bearer {said.get('access_token', '')}"}
        userinfo = _text(config["userinfo_endpoint"], headers=bearer).strip()
    keys = _json(config["jwks_uri"])
    return Answer(config["issuer"], keys, str(said.get("id_token") or ""), userinfo)


def _discovered(relying: Relying) -> dict[str, Any]:
    """Return the provider's description of itself (OpenID Connect Discovery 1.0, section 4.3)."""
    config = _json(relying.server + _WELL_KNOWN)
    if str(config.get("issuer", "")).rstrip("/") != relying.server:
        raise _unavailable("its description is of another issuer")
    missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - set(config)
    if relying.accepted.claims_in is Delivery.USERINFO:
        missing |= {"userinfo_endpoint"} - set(config)
    if missing:
        raise _unavailable(f"its description lacks {', '.join(sorted(missing))}")
    return config


def _basic(relying: Relying) -> str:
    """Return the client's password as a header (RFC 6749, section 2.3.1)."""
    pair = f"{quote_plus(relying.client_id)}:{quote_plus(relying.secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _json(
    url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    try:
        found = json.loads(_text(url, form=form, headers=headers))
    except ValueError as error:
        raise _unavailable("it does not send JSON") from error
    if not isinstance(found, dict):
        raise _unavailable("it sends something else")
    return found


def _text(
    url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> str:
    try:
        with get_adapter().get_requests_session() as session:
            method = "POST" if form else "GET"
            response = session.request(
                method, url, data=form, headers=headers, allow_redirects=False
            )
            body: str = response.text
    except OSError as error:  # what requests raises is one
        raise _unavailable("it cannot be reached") from error
    if form and response.status_code == 400:  # RFC 6749, section 5.2
        raise Refused(
            "The provider does not know this answer, or has given it before.",
            code="assurance-code",
            remedy="Start again from your identity checks.",
        )
    if response.status_code != 200:
        raise _unavailable(f"it answers {response.status_code}")
    return body


def _unavailable(why: str) -> Unavailable:
    return Unavailable(
        f"The identity provider cannot be asked at the moment: {why}.",
        code="assurance-unavailable",
        remedy="Try again later, or hand in evidence instead.",
    )

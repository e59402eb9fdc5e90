"""An OpenID Connect provider on loopback: real HTTP, real keys, and lies on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


def vouched_for(**claims: str) -> dict[str, Any]:
    """Verified claims about somebody, by a passport that was looked at a month ago."""
    month_ago = datetime.now(UTC) - timedelta(days=30)
    return {
        "verification": {
            "trust_framework": "eidas",
            "assurance_level": "substantial",
            "time": month_ago.isoformat(),
            "evidence": [{"type": "document", "document_details": {"number": "4711"}}],
        },
        "claims": claims,
    }


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OidcProvider:
    """One provider with one client; what it says of its people can be set per test."""

    url: str = ""
    client_id: str = "rakkan"
    client_secret: str = field(default_factory=token_urlsafe)
    key: rsa.RSAPrivateKey = field(default_factory=_key)
    claims: dict[str, Any] = field(default_factory=dict)  # replace what the ID token would say
    userinfo: dict[str, Any] = field(default_factory=dict)
    userinfo_signed: bool = False  # as a JWT by its key, not as JSON
    methods: list[str] = field(default_factory=lambda: ["client_secret_post"])
    asked: dict[str, str] = field(default_factory=dict)  # what the last browser came with
    signed_by: rsa.RSAPrivateKey | None = None  # instead of its own key
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def allow(self, asked: str) -> str:
        """What the person's browser does at the provider: returns the address to go back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        assert query["response_type"] == "code"
        self.asked = query
        code = token_urlsafe()
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def discovery(self) -> dict[str, Any]:
        """The document at the well-known address."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
        }

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "RS256"}]}

    def token(self, form: dict[str, str], basic: str = "") -> dict[str, Any] | None:
        """The answer to a code, once, to whoever has the secret and the verifier."""
        query = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if query is None or query["code_challenge"] != challenge:
            return None
        pair = f"{self.client_id}:{self.client_secret}".encode()
        if "client_secret_post" in self.methods:
            known = form.get("client_secret") == self.client_secret
        else:
            known = basic == f"Basic {base64.b64encode(pair).decode()}"
        return self._tokens(query) if known else None

    def _tokens(self, query: dict[str, str]) -> dict[str, Any]:
        said = {
            "iss": self.url,
            "aud": self.client_id,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            **({"nonce": query["nonce"]} if "nonce" in query else {}),
            **self.claims,
        }
        return {"access_token": "of nothing", "token_type": "Bearer", "id_token": self._sign(said)}

    def _sign(self, said: dict[str, Any]) -> str:
        key: Any = self.signed_by or self.key
        if self.algorithm != "RS256":  # the public key taken for a shared secret, or none at all
            key = "" if self.algorithm == "none" else "public " * 10
        return jwt.encode(said, key, algorithm=self.algorithm, headers={"kid": "one"})

    def user_info(self) -> bytes:
        """What it tells about its person, signed or not."""
        if self.userinfo_signed:
            return self._sign(self.userinfo).encode()
        return json.dumps(self.userinfo).encode()


@contextmanager
def running() -> Iterator[OidcProvider]:
    """Start a provider, hand it out, stop it."""
    provider = OidcProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            pages = {
                "/.well-known/openid-configuration": provider.discovery(),
                "/keys": provider.keys(),
            }
            if path == "/authorize":
                self.send_response(302)  # whoever asks is somebody who has agreed
                self.send_header("Location", provider.allow(self.path))
                self.end_headers()
            elif path == "/userinfo":
                self._send(200, provider.user_info())
            else:
                self._say(pages.get(path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            basic = self.headers.get("Authorization", "")
            self._say(provider.token(form, basic) if self.path == "/token" else None)

        def _say(self, document: dict[str, Any] | None) -> None:
            data = json.dumps(document or {"error": "invalid_grant"}).encode()
            self._send(400 if document is None else 200, data)

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


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
    signed_by: rsa.RSAPrivateKey | None = None  # instead of its own key
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def allow(self, asked: str) -> str:
        """What the person's browser does at the provider: returns the address to go back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        assert query["response_type"] == "code"
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
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "RS256"}]}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The answer to a code, once, to whoever has the secret and the verifier."""
        query = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if query is None or query["code_challenge"] != challenge:
            return None
        if form.get("client_secret") != self.client_secret:
            return None
        said = {
            "iss": self.url,
            "aud": self.client_id,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            **self.claims,
        }
        key: Any = self.signed_by or self.key
        if self.algorithm != "RS256":  # the public key taken for a shared secret, or none at all
            key = "" if self.algorithm == "none" else "public " * 10
        token = jwt.encode(said, key, algorithm=self.algorithm, headers={"kid": "one"})
        return {"access_token": "of nothing", "token_type": "Bearer", "id_token": token}


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
                "/userinfo": provider.userinfo,
            }
            self._say(pages.get(path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(provider.token(form) if self.path == "/token" else None)

        def _say(self, document: dict[str, Any] | None) -> None:
            data = json.dumps(document or {"error": "invalid_grant"}).encode()
            self.send_response(400 if document is None else 200)
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

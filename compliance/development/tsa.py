"""A small time-stamp authority (RFC 3161) for development, on the loopback interface only.

``python -m compliance.development.tsa --port 3180 --keys .rakkan/keys``
"""

import argparse
import hashlib
import secrets
import sys
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, pem, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from compliance.errors import InvalidInput, RakkanDevelopmentWarning

_POLICY = "1.2.3.4.1"  # the placeholder OpenSSL's examples use: there is no published policy
_DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_MAX_REQUEST = 4096  # bytes; a request is about 60


class DevelopmentTimestampAuthority:
    """Answers time-stamp requests with the clock of this machine.

    Warns when made: its word is worth what the development keys are worth.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        """Read the certificate chain (leaf first) and the leaf's RSA key.

        Raises:
            InvalidInput: the files are missing or hold something else.
        """
        warnings.warn(
            "Time-stamps come from the development authority.",
            RakkanDevelopmentWarning,
            stacklevel=2,
        )
        try:
            blocks = pem.unarmor(chain.read_bytes(), multiple=True)
            self._chain = [x509.Certificate.load(der) for _, _, der in blocks]
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The time-stamp keys cannot be read: {error}.",
                code="key-unreadable",
                remedy="Run `make setup` again, or name the folder with tsa_chain.pem in --keys.",
            ) from error
        if not isinstance(private, rsa.RSAPrivateKey):
            raise InvalidInput(f"{key} is not an RSA key.", code="key-unreadable")
        self._key = private

    def respond(self, request: bytes) -> bytes:
        """Return the DER of a TimeStampResp for the DER of a TimeStampReq.

        What cannot be stamped is answered with a rejection (RFC 3161, 2.4.2), never with an
        exception.
        """
        try:
            asked = tsp.TimeStampReq.load(request)
            imprint = asked["message_imprint"]
            name = imprint["hash_algorithm"]["algorithm"].native
            hashed = imprint["hashed_message"].native
        except (TypeError, ValueError):
            return _rejection("bad_data_format")
        if name not in _DIGEST_SIZES:
            return _rejection("bad_alg")
        if len(hashed) != _DIGEST_SIZES[name]:
            return _rejection("bad_data_format")
        token = self._token(asked)
        return bytes(
            tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()
        )

    def _token(self, asked: Any) -> Any:
        info = {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": asked["message_imprint"],
            "serial_number": secrets.randbits(63),
            "gen_time": datetime.now(UTC).replace(microsecond=0),
            "accuracy": {"seconds": 1},
        }
        if asked["nonce"].native is not None:
            info["nonce"] = asked["nonce"].native
        content = bytes(tsp.TSTInfo(info).dump())
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(content),
            },
            "certificates": self._chain if asked["cert_req"].native else [],
            "signer_infos": [self._signer_info(content)],
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})

    def _signer_info(self, content: bytes) -> Any:
        leaf = self._chain[0]
        attributes = self._attributes(content)
        name = {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
        signature = self._key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": name}),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
                "signature": signature,
            }
        )

    def _attributes(self, content: bytes) -> Any:
        certificate = hashlib.sha256(self._chain[0].dump()).digest()
        reference = {"hash_algorithm": {"algorithm": "sha256"}, "cert_hash": certificate}
        now = cms.Time({"utc_time": datetime.now(UTC).replace(microsecond=0)})
        values = {
            "content_type": "tst_info",
            "signing_time": now,
            "message_digest": hashlib.sha256(content).digest(),
            # RFC 5816: the token is bound to this very certificate
            "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [reference]}),
        }
        return cms.CMSAttributes(
            [cms.CMSAttribute({"type": name, "values": [value]}) for name, value in values.items()]
        )

    def serve(self, port: int = 0) -> ThreadingHTTPServer:
        """Answer on 127.0.0.1 from a thread of its own, until ``shutdown()`` is called.

        Args:
            port: TCP port; 0 lets the system choose (read ``server_port``).
        """
        server = self.server(port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def server(self, port: int) -> ThreadingHTTPServer:
        """Return a bound server that is not running yet."""
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, self.respond))


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds a client may stay silent

    def __init__(self, respond: Callable[[bytes], bytes], *arguments: Any) -> None:
        self._respond = respond  # before the base class, which answers inside its constructor
        super().__init__(*arguments)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= _MAX_REQUEST:
            self.send_error(413)
            return
        body = self._respond(self.rfile.read(length))
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Say that we are here: what a supervisor asks before it starts the rest."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep quiet: requests carry only digests, and the supervisor has its own log."""


class _Rejection(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """A TimeStampResp without a token; asn1crypto's own insists on one."""

    _fields = [("status", tsp.PKIStatusInfo)]  # noqa: RUF012  asn1crypto reads a plain list


def _rejection(reason: str) -> bytes:
    status = {"status": "rejection", "fail_info": {reason}}
    return bytes(_Rejection({"status": status}).dump())


def main(arguments: list[str] | None = None) -> int:
    """Run the authority until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m compliance.development.tsa")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--keys", type=Path, required=True, help="folder with tsa_chain.pem")
    options = parser.parse_args(arguments)
    try:
        authority = DevelopmentTimestampAuthority(
            options.keys / "tsa_chain.pem", options.keys / "tsa_key.pem"
        )
        server = authority.server(options.port)
    except (InvalidInput, OSError) as error:
        sys.stderr.write(f"{error} {getattr(error, 'remedy', '')}\n")
        return 1
    sys.stdout.write(f"Development time-stamp authority on http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

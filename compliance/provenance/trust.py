"""Whom a reader believes: the roots of claim signers and of time-stamp authorities."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import c2pa

from compliance.errors import InvalidInput

CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"  # c2pa-kp-claimSigning, the only purpose we accept

# c2pa takes a certificate of either list for a claim signer's, and then says in words which list
# it was found in; the reader insists on the right one.
CLAIM_LIST = "urn:rakkan:trust:claims"
TIMESTAMP_LIST = "urn:rakkan:trust:timestamps"


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """Root certificates, each set as concatenated PEM."""

    claim_roots: str
    timestamp_roots: str

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``root.pem`` and ``tsa_root.pem`` of a trust bundle.

        Raises:
            InvalidInput: a file is missing or holds no certificate.
        """
        return cls(_read(directory / "root.pem"), _read(directory / "tsa_root.pem"))

    def context(self) -> c2pa.Context:
        """Return a c2pa context that demands trust. It does not survive a fork."""
        lists = [
            _list("manifest", CLAIM_LIST, self.claim_roots),
            _list("tsa", TIMESTAMP_LIST, self.timestamp_roots),
        ]
        return _context({"anchors": lists})


def signing_context() -> c2pa.Context:
    """Return a c2pa context to sign with; whom to trust is the reader's question."""
    return _context({})


def _list(kind: str, uri: str, roots: str) -> dict[str, str]:
    return {"trust_kind": kind, "trust_uri": uri, "trust_anchors": roots}


def _context(trust: dict[str, Any]) -> c2pa.Context:
    # settings whose names c2pa does not know are ignored silently: the tests hold each of them
    settings = {
        "version": 1,
        "trust": {"trust_config": CLAIM_SIGNING + "\n", **trust},
        "verify": {
            "verify_trust": True,
            "remote_manifest_fetch": False,  # a file may not make us call a stranger
            "ocsp_fetch": False,
        },
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings))


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The trust anchor {path} cannot be read: {error}.",
            code="trust-unreadable",
            remedy="Name the folder with root.pem and tsa_root.pem that the publisher gave you.",
        ) from error
    if "BEGIN CERTIFICATE" not in text:
        raise InvalidInput(f"{path} holds no certificate.", code="trust-unreadable")
    return text if text.endswith("\n") else text + "\n"

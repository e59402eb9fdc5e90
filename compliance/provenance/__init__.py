"""Content credentials (C2PA): what a released file says of itself, signed and time-stamped."""

from compliance.provenance.facts import InputFact, ManifestFacts
from compliance.provenance.reader import ManifestReport, ManifestState, read_manifest
from compliance.provenance.sealing import sign_file
from compliance.provenance.signer import (
    DevelopmentSigner,
    KeySigner,
    Signer,
    SignerUnavailable,
)
from compliance.provenance.trust import TrustAnchors

__all__ = [
    "DevelopmentSigner",
    "InputFact",
    "KeySigner",
    "ManifestFacts",
    "ManifestReport",
    "ManifestState",
    "Signer",
    "SignerUnavailable",
    "TrustAnchors",
    "read_manifest",
    "sign_file",
]

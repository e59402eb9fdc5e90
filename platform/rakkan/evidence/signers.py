"""What signs evidence packs, and what they must chain to. Imported by the seal worker only."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.evidence.case import PackTrust
from compliance.evidence.signatures import (
    DevelopmentEvidenceSigner,
    EvidenceSigner,
    SignatureTrust,
)
from compliance.ledger import LogTrust, VerifierKey
from compliance.log.cli import LOG_KEY
from compliance.verify.case import TrustBundle


@cache
def evidence_signer() -> EvidenceSigner:
    """Return what signs manifests and summaries; the seal worker alone has its key.

    Development keys are refused in production at start-up (``rakkan.config.checks``).
    """
    keys = Path(settings.RAKKAN_KEYS)
    return DevelopmentEvidenceSigner(
        keys / "evidence_chain.pem", keys / "evidence_key.pem", settings.TSA_URL
    )


@cache
def pack_trust() -> PackTrust:
    """Return whom an auditor with our trust folder believes: a pack is checked before it leaves."""
    folder = Path(settings.RAKKAN_TRUST)
    log = VerifierKey.parse((folder / LOG_KEY).read_text(encoding="utf-8"))
    return PackTrust(TrustBundle.load(folder), SignatureTrust.load(folder), LogTrust((log,)))


@cache
def public_keys() -> dict[str, bytes]:
    """Return the files of the trust folder, which a pack carries for information."""
    files = sorted(Path(settings.RAKKAN_TRUST).iterdir())
    return {path.name: path.read_bytes() for path in files if path.suffix in (".pem", ".vkey")}

"""What signs evidence packs, and what they must chain to. Imported by the seal worker only."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.evidence.case import PackTrust
from compliance.evidence.signatures import SignatureTrust
from compliance.evidence.signers import EvidenceSigner
from compliance.ledger import LogTrust, VerifierKey
from compliance.log.cli import LOG_KEY
from compliance.provenance.certificates import PACKS
from compliance.verify.case import TrustBundle
from rakkan.releases.signers import signer_at


@cache
def evidence_signer() -> EvidenceSigner:
    """Return what signs manifests and summaries; the seal worker alone can ask its key.

    ``RAKKAN_EVIDENCE_SIGNER`` says where the key is, as ``RAKKAN_SIGNER`` does for videos; its
    certificates are RAKKAN_KEYS/evidence_chain.pem.

    Raises:
        InvalidInput: the setting or the chain cannot be used, or this is production and the key a
            file.
    """
    signer = signer_at("RAKKAN_EVIDENCE_SIGNER", "evidence", "evidence_signer.token", PACKS)
    return EvidenceSigner(signer, settings.TSA_URL)


def evidence_signer_forget() -> None:
    """Read chain and setting again next time: a certificate may have been renewed."""
    evidence_signer.cache_clear()


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

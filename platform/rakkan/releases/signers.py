"""What signs claims and what they must chain to. Imported by the seal worker only."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.provenance import DevelopmentSigner, Signer, TrustAnchors


@cache
def release_signer() -> Signer:
    """Return what signs C2PA claims; made in the sealing process, for it must not cross a fork.

    Development keys are refused in production at start-up (``rakkan.config.checks``).
    """
    keys = Path(settings.RAKKAN_KEYS)
    return DevelopmentSigner(keys / "release_chain.pem", keys / "release_key.pem")


@cache
def trust_anchors() -> TrustAnchors:
    """Return the roots that a released file must chain to."""
    return TrustAnchors.load(Path(settings.RAKKAN_TRUST))

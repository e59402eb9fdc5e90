"""Who cosigned a checkpoint, in words."""

from datetime import UTC, datetime

from compliance.ledger import LogTrust, VerifiedCheckpoint, check_quorum

_YEAR_9999 = 253_402_300_799  # datetime ends there; a witness's clock may not


def cosigners(verified: VerifiedCheckpoint, trust: LogTrust) -> str:
    """Return which witnesses cosigned, and when.

    Raises:
        LedgerInvalid: they are fewer than the auditor asks for.
    """
    check_quorum(verified, trust)
    words = []
    for signed in verified.cosignatures:
        when = datetime.fromtimestamp(min(signed.time or 0, _YEAR_9999), UTC).isoformat()
        words.append(f"{signed.key.name} at {when}")
    return f"{'; '.join(words)}."

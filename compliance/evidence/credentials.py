"""What a video's C2PA manifest says, as a member of a pack: for who has the pack and no video."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from compliance.provenance.reader import ManifestReport, ManifestState
from compliance.verify.report import Fails


def credentials_document(report: ManifestReport) -> dict[str, Any]:
    """Return JSON-ready values."""
    stamped = report.timestamped_at
    return asdict(report) | {
        "state": report.state.value,
        "timestamped_at": stamped.isoformat() if stamped else None,
    }


def read_credentials(document: dict[str, Any]) -> ManifestReport:
    """Read what :func:`credentials_document` wrote.

    Raises:
        Fails: it has other fields, or says of itself that it is not to be trusted.
    """
    if document.keys() != {field.name for field in fields(ManifestReport)}:
        raise Fails("The credentials have other fields.", code="credentials-malformed")
    stamped = document["timestamped_at"]
    moment = datetime.fromisoformat(stamped) if stamped else None
    state = ManifestState(document["state"])
    if state is not ManifestState.TRUSTED:
        raise Fails(f"The video's manifest was {state}.", code="credentials-untrusted")
    return ManifestReport(**document | {"state": state, "timestamped_at": moment})

"""Give a stripped copy its manifest back: as what it came from, never as its own (0082)."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa

from compliance import __version__
from compliance.errors import InvalidInput
from compliance.provenance.facts import GENERATOR, RECOVERY_LABEL
from compliance.provenance.sealing import Sealer, write_signed
from compliance.provenance.store import MEDIA_TYPE
from compliance.provenance.trust import signing_context

_ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class RecoveryFacts:
    """What a recovered manifest says of the copy it is put into.

    Attributes:
        asset_id: of the release that the copy was made from.
        manifest_id: C2PA's name of the manifest that was found.
        released_sha256: of the file that this manifest was signed for.
        found_by: "watermark" or "fingerprint".
        second: of the original at which the copy begins; None where nobody knows.
        status_url: where the status of the release is told.
        recovered_at: aware.
    """

    asset_id: str
    manifest_id: str
    released_sha256: str
    found_by: str
    second: float | None
    status_url: str
    recovered_at: datetime


def recover_file(
    source: Path, destination: Path, store: bytes, facts: RecoveryFacts, sealer: Sealer
) -> None:
    """Write a copy with a manifest of its own, whose parent is the recovered one.

    The new manifest binds the bytes of the copy and says that it was recovered; the old one, as an
    ingredient, goes on to say what the original is.

    Args:
        source: the copy, as it was found.
        destination: where it goes with its manifest.
        store: the manifest store of the release.
        facts: what to say.
        sealer: who signs and stamps, and the media type of the copy.

    Raises:
        InvalidInput: the store is none, a file is missing or both are the same.
        SealingFailed: signing or stamping does not work.
    """

    def make() -> c2pa.Builder:
        builder = c2pa.Builder(_definition(facts, sealer.media_type), signing_context())
        described = {
            "title": f"{GENERATOR} {facts.asset_id}",
            "label": _ORIGINAL,
            "relationship": "parentOf",
            "format": MEDIA_TYPE,
        }
        try:
            builder.add_ingredient(described, MEDIA_TYPE, io.BytesIO(store))
        except c2pa.C2paError as error:
            raise InvalidInput(
                f"The recovered manifest cannot be read: {error}.", code="manifest-unreadable"
            ) from error
        return builder

    write_signed(source, destination, make, sealer)


def _definition(facts: RecoveryFacts, media_type: str) -> dict[str, Any]:
    when = facts.recovered_at.isoformat()
    said = {
        "asset_id": facts.asset_id,
        "manifest_id": facts.manifest_id,
        "released_sha256": facts.released_sha256,
        "found_by": facts.found_by,
        "status_url": facts.status_url,
        "recovered_at": when,
        **({} if facts.second is None else {"original_second": round(facts.second, 1)}),
    }
    actions = [
        {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [_ORIGINAL]}},
        {
            "action": "org.rakkan.recovered",
            "when": when,
            "description": "A copy that had lost its manifest. It was recovered by a soft binding "
            f"({facts.found_by}); these bytes are not those that were released.",
        },
    ]
    assertions = [("c2pa.actions.v2", {"actions": actions}), (RECOVERY_LABEL, said)]
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": __version__}],
        "title": f"Copy of {GENERATOR} {facts.asset_id}",
        "format": media_type,
        "assertions": [
            {"label": label, "data": data, "created": True} for label, data in assertions
        ],
    }

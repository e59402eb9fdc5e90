"""Which manifests a soft binding leads to (C2PA Soft Binding Resolution API 2.4)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from compliance.fingerprint import BITS, Kind, PrintHash
from rakkan.core.blobs import Area, blob_chunks
from rakkan.core.errors import BadInput, NotFound, Refused
from rakkan.core.tenancy import as_system
from rakkan.releases.finding import candidates
from rakkan.releases.models import Fingerprint
from rakkan.verification.selectors import asset_status

WATERMARK = "org.rakkan.dwtdctsvd.1"
ISCC = "io.iscc.v0"
_ID_BYTES = 8
_BEST = 100


@dataclass(frozen=True, slots=True)
class Match:
    """A manifest and how well it matches, 0 to 100."""

    manifest_id: str
    score: int

    def to_dict(self) -> dict[str, object]:
        """Return it in the words of the specification."""
        return {"manifestId": self.manifest_id, "similarityScore": self.score}


def matches_by_binding(alg: str, value: str, most: int) -> list[Match]:
    """Return the manifests that a soft binding leads to, best first.

    Args:
        alg: one of WATERMARK and ISCC.
        value: in base64; of a watermark the 8 bytes of an asset id, of ISCC an ISCC-SEQ (IEP-0020).
        most: how many are wanted.

    Raises:
        BadInput: it is another algorithm, or no value of it.
    """
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("The value is not base64.") from error
    with as_system():  # whosever release it is
        if alg == WATERMARK:
            found = _by_mark(raw)
        elif alg == ISCC:
            found = _by_iscc(raw, most)
        else:
            raise _invalid(f"The algorithm {alg!r} is not supported.")
    return found[:most]


def matches_by_asset(asset_id: str, score: int = _BEST) -> list[Match]:
    """Return the manifest of a release. The caller works for the system."""
    row = Fingerprint.objects.filter(release__asset_id=asset_id).first()
    return [Match(row.manifest_id, score)] if row else []


def manifest_of(manifest_id: str) -> bytes:
    """Return the manifest store of a release that stands.

    Raises:
        NotFound: there is none of that name, or it was deleted.
        Refused: the release was called back, or a consent ended: what shows a person is not
            handed out any more (status 403).
    """
    with as_system():  # as above
        row = Fingerprint.objects.filter(manifest_id=manifest_id).select_related("release").first()
        if row is None:
            raise NotFound(f"There is no manifest {manifest_id}.")
        status = asset_status(row.release.asset_id)
        if (status.status, status.consent) != ("released", "live"):
            raise Refused(
                f"It is {status.status}, consent {status.consent}.",
                code="release-ended",
                remedy="The status address of the asset says why.",
                status=403,
            )
        return b"".join(blob_chunks(Area.PRINTS, row.manifest_sha256))


def active_only(store: bytes) -> bytes:
    """Return a manifest store of the active manifest alone: by C2PA the last of its boxes."""
    boxes, at = [], 8
    while at + 8 <= len(store):
        length = int.from_bytes(store[at : at + 4], "big")
        if length < 8:
            break
        boxes.append(store[at : at + length])
        at += length
    content = boxes[0] + boxes[-1]  # what describes the store, and its last manifest
    return (8 + len(content)).to_bytes(4, "big") + b"jumb" + content


def _by_mark(raw: bytes) -> list[Match]:
    if len(raw) != _ID_BYTES:
        raise _invalid("The value of this watermark is the 8 bytes of an asset id.")
    return matches_by_asset(raw.hex())


def _by_iscc(raw: bytes, most: int) -> list[Match]:
    from rakkan.releases import content_codes  # noqa: PLC0415  loads iscc_core, for this alone

    best: dict[UUID, int] = {}
    for kind, bits in content_codes.bits_of_sequence(raw):
        sought = [PrintHash(kind, 0, 0, bits)]
        for each in candidates(sought, kind=kind, wide=True, most=most):
            if kind is Kind.ISCC_INSTANCE and each.apart:
                continue
            score = round(_BEST * (1 - each.apart / BITS))
            best[each.fingerprint_id] = max(score, best.get(each.fingerprint_id, 0))
    rows = Fingerprint.objects.filter(pk__in=best)
    found = [Match(row.manifest_id, best[row.pk]) for row in rows]
    return sorted(found, key=lambda match: -match.score)


def _invalid(message: str) -> BadInput:
    return BadInput(
        message,
        code="binding-invalid",
        remedy="GET services/supportedAlgorithms lists what can be asked for.",
    )

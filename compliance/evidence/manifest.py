"""The manifest of a pack: name, SHA-256 and size of every member, in canonical JSON."""

from dataclasses import dataclass
from typing import Any

from compliance.canonical import canonical_json, read_canonical
from compliance.evidence.layout import FORMAT, MANIFEST, SIGNATURE
from compliance.verify.report import Fails

LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says."""

    production: str
    asset_id: str
    language: str  # of the summary
    made_at: str  # ISO 8601; the signature's time-stamp is the word of somebody else
    members: dict[str, tuple[str, int]]  # name -> SHA-256, size in bytes

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical_json(
            {
                "format": FORMAT,
                "production": self.production,
                "asset_id": self.asset_id,
                "language": self.language,
                "made_at": self.made_at,
                "members": {
                    name: {"sha256": sha256, "size": size}
                    for name, (sha256, size) in self.members.items()
                },
            }
        )


def read_manifest_document(content: bytes) -> Manifest:
    """Read a manifest; nothing in it is believed yet.

    Raises:
        Fails: it is not one, or of a format this program does not know.
    """
    try:
        document: dict[str, Any] = read_canonical(content)
        if document["format"] != FORMAT:
            raise Fails(f"Unknown pack format {document['format']!r}.", code="manifest-format")
        if set(document) - {"format", "members"} != _FIELDS:
            raise ValueError("it has other fields")
        members = {
            name: (str(entry["sha256"]), int(entry["size"]))
            for name, entry in document["members"].items()
        }
        texts = {name: document[name] for name in _FIELDS}
        if not all(isinstance(text, str) for text in texts.values()):
            raise ValueError("a field is no text")
        if {MANIFEST, SIGNATURE} & members.keys():
            raise ValueError("it lists itself")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Fails(f"It is not a manifest: {error!r}.", code="manifest-malformed") from error
    return Manifest(members=members, **texts)


_FIELDS = {"production", "asset_id", "language", "made_at"}

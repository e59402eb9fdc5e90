"""What was found in a file, as one process tells it to another. Loads no media library."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from compliance.fingerprint import Kind, PrintHash


@dataclass(frozen=True, slots=True)
class Proposal:
    """A release that a file may come from.

    Attributes:
        asset_id: of the release.
        reference: its small pictures (compliance.watermark.reference), empty if they are gone.
    """

    asset_id: str
    reference: bytes

    @classmethod
    def many_from_json(cls, text: bytes) -> list[Self]:
        """Read what :meth:`many_to_json` wrote."""
        return [
            cls(each["asset_id"], base64.b64decode(each["reference"])) for each in json.loads(text)
        ]

    @staticmethod
    def many_to_json(proposals: Sequence["Proposal"]) -> bytes:
        """Return proposals as JSON."""
        said = [
            {"asset_id": each.asset_id, "reference": base64.b64encode(each.reference).decode()}
            for each in proposals
        ]
        return json.dumps(said).encode()


@dataclass(frozen=True, eq=False)  # one is like no other: what was looked up for it is kept
class Examination:
    """What was found in a file; ready for JSON.

    Attributes:
        sha256: of the whole file.
        size: bytes.
        kind: "video", "picture", "sound", or "" for what cannot be read.
        problem: why it cannot be read.
        preview: what it says of itself if it says that it is a preview.
        manifest: what its C2PA manifest says (ManifestReport), {} without whom to trust.
        mark: what a blind search saw in the pixels, {} without a key or pixels.
        asked: what the pixels say of the releases that were proposed, {} if none was.
        sound: what the sound says, {} without a key or sound.
        hashes: (at_ms, bits) of its pictures.
        pictures: its small pictures as compliance.fingerprint.pictures packs them, base64.
        frames: how many it has.
        seconds: how long it is.
    """

    sha256: str
    size: int
    kind: str = ""
    problem: str = ""
    preview: str = ""
    manifest: dict[str, Any] = field(default_factory=dict)
    mark: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    sound: dict[str, Any] = field(default_factory=dict)
    hashes: list[tuple[int, int]] = field(default_factory=list)
    pictures: str = ""
    frames: int = 0
    seconds: float = 0.0

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what the process of an examination wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))

    @property
    def print_hashes(self) -> list[PrintHash]:
        """The hashes to look for."""
        return [PrintHash(Kind.PICTURE, 0, at, bits) for at, bits in self.hashes]

    @property
    def packed_pictures(self) -> bytes:
        """The small pictures as a file."""
        return base64.b64decode(self.pictures)

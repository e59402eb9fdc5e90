"""What a verification has at hand: the file, the evidence, whom to trust and the mark's key."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from compliance.errors import InvalidInput
from compliance.evidence.archive import packed_evidence
from compliance.provenance import ManifestReport, ManifestState, TrustAnchors, read_manifest
from compliance.signing import KeyRole, StatementVerifier
from compliance.verify import journal
from compliance.verify.report import CannotCheck, Fails
from compliance.watermark import KeyRing, WatermarkKey
from compliance.watermark.detector import Detection
from compliance.watermark.files import detect_file

EVIDENCE_FORMAT = "rakkan-evidence/1"


@dataclass(frozen=True)
class TrustBundle:
    """A folder of public keys, as a publisher hands it out."""

    directory: Path
    anchors: TrustAnchors

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the roots of a bundle; statement keys are read when a check needs them.

        Raises:
            InvalidInput: a root is missing.
        """
        return cls(directory, TrustAnchors.load(directory))

    def verifier(self, role: KeyRole) -> StatementVerifier:
        """Return the verifier of one role.

        Raises:
            CannotCheck: the bundle has no key for it.
            SignatureInvalid: the key cannot be read.
        """
        path = self.directory / f"{role.value}.pub.pem"
        if not path.is_file():
            raise CannotCheck(f"The trust folder has no {path.name}.")
        return StatementVerifier.from_pems(role, [path.read_bytes()])


@dataclass(frozen=True)
class Case:
    """One file to verify and everything to verify it with."""

    path: Path
    evidence: dict[str, Any] | None = None
    trust: TrustBundle | None = None
    watermark_key: WatermarkKey | KeyRing | None = None
    offline: bool = False
    credentials: ManifestReport | None = None  # the publisher's word, where the file is not at hand
    word: str = journal.WORD  # what approvals, gate and log rest on

    @cached_property
    def manifest(self) -> ManifestReport:
        """The file's manifest, or what the publisher says of it.

        Raises:
            CannotCheck: nobody said whom to trust.
        """
        if self.credentials is not None:
            return self.credentials
        return read_manifest(self.path, self.need_trust().anchors)

    @cached_property
    def detection(self) -> Detection:
        """What the detector sees in the pixels.

        Raises:
            CannotCheck: there is no key to look with.
        """
        if self.watermark_key is None:
            raise CannotCheck(
                "No watermark key was given (--watermark-key or RAKKAN_WATERMARK_KEY)."
            )
        return detect_file(self.path, self.watermark_key)

    @property
    def mark_keys(self) -> KeyRing | None:
        """The keys to look for the mark with, as a ring."""
        key = self.watermark_key
        return KeyRing((key,)) if isinstance(key, WatermarkKey) else key

    def need_trust(self) -> TrustBundle:
        """Return the trust bundle or say that there is none."""
        if self.trust is None:
            raise CannotCheck("No trust folder was given (--trust or RAKKAN_TRUST).")
        return self.trust

    def need_evidence(self) -> dict[str, Any]:
        """Return the evidence or say why there is none.

        Raises:
            CannotCheck: none was given.
            Fails: it is of a format this program does not know.
        """
        if self.evidence is None:
            raise CannotCheck("No evidence file was given (--evidence).")
        if self.evidence.get("format") != EVIDENCE_FORMAT:
            raise Fails(f"Unknown evidence format {self.evidence.get('format')!r}.")
        return self.evidence

    def need_manifest(self) -> ManifestReport:
        """Return the manifest if it may be believed."""
        if self.manifest.state is not ManifestState.TRUSTED:
            raise CannotCheck("The manifest is not to be trusted (check 2).")
        return self.manifest


def load_evidence(path: Path) -> dict[str, Any]:
    """Read an evidence file, or the one in an evidence pack; what it says is checked later.

    Raises:
        InvalidInput: it is missing or not a JSON object, or a zip that is no pack.
    """
    try:
        packed = packed_evidence(path)
        evidence = json.loads(path.read_bytes() if packed is None else packed)
    except (OSError, Fails, ValueError, RecursionError) as error:  # nested too deeply: not ours
        raise InvalidInput(
            f"The evidence {path} cannot be read: {error}.",
            code="evidence-unreadable",
            remedy="Fetch it again from the publisher, next to the video.",
        ) from error
    if not isinstance(evidence, dict):
        raise InvalidInput(f"{path} is not an evidence file.", code="evidence-unreadable")
    return evidence

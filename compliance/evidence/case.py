"""What a verification of a pack has at hand."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from compliance.canonical import read_canonical
from compliance.errors import ComplianceError
from compliance.evidence import layout
from compliance.evidence.archive import Archive
from compliance.evidence.credentials import read_credentials
from compliance.evidence.facts import Content
from compliance.evidence.manifest import Manifest, read_manifest_document
from compliance.evidence.signatures import SignatureTrust
from compliance.ledger import LogProof, LogTrust, VerifiedCheckpoint, verify_checkpoint
from compliance.provenance.reader import ManifestReport
from compliance.verify.case import EVIDENCE_FORMAT, Case, TrustBundle
from compliance.verify.report import CannotCheck, Fails
from compliance.watermark import KeyRing, WatermarkKey

WORD = "by the publisher's log, proven in check 12"


@dataclass(frozen=True)
class PackTrust:
    """Whom an auditor believes: all of it comes from them, nothing from a pack."""

    bundle: TrustBundle
    signatures: SignatureTrust
    log: LogTrust


@dataclass(frozen=True)
class PackCase:
    """A pack, whom to trust, and what else there is.

    Attributes:
        path: the zip.
        trust: keys that the auditor holds.
        video: the released file, if it is at hand and not in the pack.
        watermark_key: the publisher's key of the mark, which is not public.
        work: an empty folder for the video that is in the pack.
    """

    path: Path
    trust: PackTrust
    video: Path | None = None
    watermark_key: WatermarkKey | KeyRing | None = None
    work: Path = field(default_factory=Path)

    @cached_property
    def archive(self) -> Archive:
        """The zip; raises Fails if it is not one that a pack can be."""
        return Archive(self.path)

    @cached_property
    def manifest(self) -> Manifest:
        """What the manifest says; raises Fails if it is none."""
        return read_manifest_document(self.archive.read(layout.MANIFEST))

    @cached_property
    def evidence(self) -> dict[str, Any]:
        """The evidence; raises Fails if it is not in canonical form or of an unknown format."""
        evidence = self._document(layout.EVIDENCE)
        if evidence.get("format") != EVIDENCE_FORMAT:
            raise Fails(f"Unknown evidence format {evidence.get('format')!r}.")
        return evidence

    @cached_property
    def credentials(self) -> ManifestReport:
        """What the pack says that the video's manifest says."""
        return read_credentials(self._document(layout.CREDENTIALS))

    @cached_property
    def checkpoint(self) -> bytes:
        """The signed note that every proof is against."""
        return self.archive.read(layout.CHECKPOINT)

    @cached_property
    def verified_checkpoint(self) -> VerifiedCheckpoint:
        """The checkpoint; raises LedgerInvalid if it is not to be believed."""
        return verify_checkpoint(self.checkpoint, self.trust.log)

    def need_checkpoint(self) -> VerifiedCheckpoint:
        """Return the checkpoint, or say that it cannot be believed."""
        try:
            return self.verified_checkpoint
        except ComplianceError as error:
            raise CannotCheck("The checkpoint is not to be believed (check 11).") from error

    @cached_property
    def proofs(self) -> dict[str, LogProof]:
        """The proofs by their names; raises LedgerInvalid if one is malformed."""
        return {name: LogProof.parse(self.archive.read(name)) for name in self._proof_names}

    @property
    def _proof_names(self) -> list[str]:
        return sorted(name for name in self.archive.names if name.startswith("log/proofs/"))

    @cached_property
    def film(self) -> Path | None:
        """The video that was given, or the one in the pack; None if there is neither."""
        if self.video is not None:
            return self.video
        if layout.VIDEO not in self.archive.names:
            return None
        path = self.work / layout.VIDEO
        with path.open("wb") as target:
            self.archive.extract(layout.VIDEO, target)
        return path

    @cached_property
    def production(self) -> Case:
        """The case of ``compliance verify``: its checks of request, consents and the rest.

        Without the video its manifest is what the pack says of it.
        """
        film = self.film
        return Case(
            film or self.path,
            evidence=self.evidence,
            trust=self.trust.bundle,
            watermark_key=self.watermark_key,
            offline=True,
            credentials=None if film else self.credentials,
            word=WORD,
        )

    @cached_property
    def content(self) -> Content:
        """What the summary's facts are taken from."""
        others = {layout.MANIFEST, layout.SIGNATURE, layout.SUMMARY}
        return Content(
            self.evidence,
            self.credentials,
            self.checkpoint,
            self.archive.read(layout.STAMP),
            [self.archive.read(name) for name in self._proof_names],
            {n: self.archive.measure(n)[0] for n in self.archive.names if n not in others},
        )

    def _document(self, name: str) -> dict[str, Any]:
        try:
            document = read_canonical(self.archive.read(name))
        except ValueError as error:
            raise Fails(f"{name} is not canonical JSON: {error}", code="not-canonical") from error
        if not isinstance(document, dict):
            raise Fails(f"{name} is no object.", code="not-canonical")
        return document


@contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a folder for a video that is taken out of a pack, and remove it."""
    with tempfile.TemporaryDirectory(prefix="rakkan-pack-") as folder:
        yield Path(folder)

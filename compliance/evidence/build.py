"""Build a pack of plain data: what the platform hands over, and what the tests do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance.canonical import canonical_json, file_sha256, sha256_hex
from compliance.evidence import layout
from compliance.evidence.archive import write_archive
from compliance.evidence.credentials import credentials_document
from compliance.evidence.facts import Content, facts_bytes
from compliance.evidence.manifest import Manifest
from compliance.evidence.signers import EvidenceSigner
from compliance.evidence.words import readme
from compliance.provenance.reader import ManifestReport

Render = Callable[[bytes, str], bytes]  # facts and language -> PDF


@dataclass(frozen=True)
class PackInput:
    """Everything that goes into a pack.

    Attributes:
        evidence: the evidence document, of events that are in the log only.
        credentials: what the video's C2PA manifest says, read back from the file.
        checkpoint: the signed note, with its cosignatures.
        stamp: the time-stamp authority's answer about the note as the log alone signed it.
        proofs: number of an event -> its proof file.
        cards: name of a model card -> its text.
        keys: name -> public key, for information.
        video: the released file, if it is to be in the pack.
        made_at: aware.
        language: of the summary, "en" or "ja".
    """

    evidence: dict[str, Any]
    credentials: ManifestReport
    checkpoint: bytes
    stamp: bytes
    proofs: Mapping[int, bytes]
    made_at: datetime
    language: str = "en"
    cards: Mapping[str, bytes] = field(default_factory=dict)
    keys: Mapping[str, bytes] = field(default_factory=dict)
    video: Path | None = None


def pack_write(path: Path, given: PackInput, signer: EvidenceSigner, render: Render) -> None:
    """Write a pack.

    The summary is made of the other members and signed, then the manifest lists all of them.

    Args:
        path: where the zip goes.
        given: what goes in.
        signer: signs summary and manifest.
        render: :func:`compliance.evidence.document.render_summary`.

    Raises:
        StampUnavailable: the time-stamp authority does not answer.
    """
    members = _members(given)
    digests = {name: _measured(content)[0] for name, content in members.items()}
    facts = facts_bytes(
        Content(
            given.evidence,
            given.credentials,
            given.checkpoint,
            given.stamp,
            list(given.proofs.values()),
            digests,
        )
    )
    members[layout.SUMMARY] = signer.sign_pdf(render(facts, given.language))
    write_signed(path, given, members, signer)


def write_signed(
    path: Path, given: PackInput, members: dict[str, bytes | Path], signer: EvidenceSigner
) -> None:
    """Write these members with a signed manifest of them."""
    manifest = Manifest(
        production=given.evidence["request"]["production"],
        asset_id=given.evidence["release"]["asset_id"],
        language=given.language,
        made_at=given.made_at.isoformat(),
        members={name: _measured(content) for name, content in members.items()},
    ).encode()
    signed = {layout.MANIFEST: manifest, layout.SIGNATURE: signer.sign_manifest(manifest)}
    write_archive(path, members | signed)


def _members(given: PackInput) -> dict[str, bytes | Path]:
    members: dict[str, bytes | Path] = {
        layout.README: readme(),
        layout.EVIDENCE: canonical_json(given.evidence),
        layout.CREDENTIALS: canonical_json(credentials_document(given.credentials)),
        layout.CHECKPOINT: given.checkpoint,
        layout.STAMP: given.stamp,
    }
    members |= {layout.proof_name(index): proof for index, proof in given.proofs.items()}
    members |= {f"models/{name}": card for name, card in given.cards.items()}
    members |= {f"keys/{name}": key for name, key in given.keys.items()}
    if given.video is not None:
        members[layout.VIDEO] = given.video
    return members


def _measured(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return sha256_hex(content), len(content)
    return file_sha256(content), content.stat().st_size

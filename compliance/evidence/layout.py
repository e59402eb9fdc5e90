"""What may lie in an evidence pack, under which name, and how large it may be."""

import re
from dataclasses import dataclass

from compliance.ledger.note import MAX_NOTE
from compliance.ledger.tlogproof import MAX_PROOF

FORMAT = "rakkan-evidence-pack/1"

MANIFEST = "manifest.json"  # names every other member but its own signature
SIGNATURE = "manifest.p7s"
README = "README.txt"
EVIDENCE = "evidence.json"
CREDENTIALS = "credentials.json"  # what the video's C2PA manifest says
SUMMARY = "summary.pdf"
VIDEO = "video.mp4"
CHECKPOINT = "log/checkpoint"
STAMP = "log/checkpoint.tsr"
FACTS = "facts.json"  # embedded in the summary: no member of the zip

MAX_MEMBERS = 4096
MAX_VIDEO = 2 << 30  # bytes
_TEXT = 16 << 20  # bytes; an evidence file has some 100 kB
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of member."""

    pattern: str
    limit: int  # bytes
    needed: bool = True  # of every pack; the others only where there is such a thing


KINDS = (
    Kind(re.escape(MANIFEST), 1 << 20),
    Kind(re.escape(SIGNATURE), 1 << 16),
    Kind(re.escape(README), 1 << 16),
    Kind(re.escape(EVIDENCE), _TEXT),
    Kind(re.escape(CREDENTIALS), 1 << 18),
    Kind(re.escape(SUMMARY), _TEXT),
    Kind(re.escape(CHECKPOINT), MAX_NOTE),
    Kind(re.escape(STAMP), 1 << 16),
    Kind(r"log/proofs/(0|[1-9][0-9]{0,18})\.tlog-proof", MAX_PROOF),
    Kind(rf"models/{_NAME}\.md", 1 << 20, needed=False),
    Kind(rf"keys/{_NAME}", 1 << 16, needed=False),
    Kind(re.escape(VIDEO), MAX_VIDEO, needed=False),
)


def proof_name(index: int) -> str:
    """Return the name of the proof of one event."""
    return f"log/proofs/{index}.tlog-proof"


def limit_of(name: str) -> int | None:
    """Return the largest size of a member in bytes, or None if no pack has one of that name."""
    found = (kind.limit for kind in KINDS if re.fullmatch(kind.pattern, name))
    return next(found, None)


def missing_from(names: list[str]) -> list[str]:
    """Return what every pack has and these names lack, in words."""
    return [
        kind.pattern.replace("\\", "")
        for kind in KINDS
        if kind.needed and not any(re.fullmatch(kind.pattern, name) for name in names)
    ]

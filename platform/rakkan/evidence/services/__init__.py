"""What this app does: hand out what proves a production, as a file or as a pack.

Building a pack loads the media libraries: import it by its own module, in the seal worker only.
"""

from rakkan.evidence.services.ask import PACK_TASK, pack_request, packs_remind
from rakkan.evidence.services.bundle import evidence_export
from rakkan.evidence.services.deliver import pack_deliver
from rakkan.evidence.services.end import pack_end, packs_end_of, packs_expire

__all__ = [
    "PACK_TASK",
    "evidence_export",
    "pack_deliver",
    "pack_end",
    "pack_request",
    "packs_end_of",
    "packs_expire",
    "packs_remind",
]

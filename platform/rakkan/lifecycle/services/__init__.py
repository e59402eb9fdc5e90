"""What this app does: hold, erase, dispose."""

from rakkan.lifecycle.services.certificate import erasure_certificate
from rakkan.lifecycle.services.erase import erasure_ask, erasure_carry_out, erasures_resume
from rakkan.lifecycle.services.hold import hold_end, hold_set
from rakkan.lifecycle.services.removal import removals_resume
from rakkan.lifecycle.services.retention import (
    retention_report,
    retention_report_of,
    retention_run,
    retention_set,
)

__all__ = [
    "erasure_ask",
    "erasure_carry_out",
    "erasure_certificate",
    "erasures_resume",
    "hold_end",
    "hold_set",
    "removals_resume",
    "retention_report",
    "retention_report_of",
    "retention_run",
    "retention_set",
]

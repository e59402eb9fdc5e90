"""Liveness signals and a 1:1 face match from a short clip: evidence for a reviewer, never a proof.

No part of this is certified presentation attack detection (ISO/IEC 30107-3).
"""

from generation.identity.check import ROLES, check_identity

__all__ = ["ROLES", "check_identity"]

"""What this app does: look at a stranger's file, and say what it is."""

from rakkan.verification.services.asking import ask
from rakkan.verification.services.examining import examined

__all__ = ["ask", "examined"]

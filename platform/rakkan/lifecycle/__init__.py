"""The end of personal data: legal holds, erasure, retention."""

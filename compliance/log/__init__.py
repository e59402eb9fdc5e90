"""``python -m compliance log``: what an auditor checks of the audit log, offline."""

"""What an auditor can install alone: permits, watermarks, provenance, ledger and the verifier.

Plain Python: no Django, no Celery, no torch. Both the platform and the generation
workers stand on this package; it never imports either of them.
"""

__version__ = "0.1.0"

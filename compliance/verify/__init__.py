"""The auditor's verifier: numbered checks of a released file, each with its own outcome.

Importing this package loads no media library; :func:`compliance.verify.runner.verify_file`
does the work and :mod:`compliance.verify.cli` is ``python -m compliance verify``.
"""

from compliance.verify.report import Check, Outcome, Report

__all__ = ["Check", "Outcome", "Report"]

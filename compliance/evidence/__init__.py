"""Evidence packs: one zip with everything that proves a production, built and checked here.

:mod:`compliance.evidence.build` makes one of plain data, :mod:`compliance.evidence.checks` are the
numbered checks behind ``python -m compliance evidence verify``. Importing this package loads no
PDF or media library.
"""

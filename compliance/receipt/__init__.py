"""Consent receipts (ISO/IEC TS 27560): write a record, read any version of one, check a receipt.

:mod:`compliance.receipt.record` writes the current version, :mod:`compliance.receipt.reader` reads
every version there ever was, :mod:`compliance.receipt.checks` are the numbered checks behind
``python -m compliance receipt verify``.
"""

from compliance.receipt.biometric import BiometricTerms, biometric_statement, write_biometric
from compliance.receipt.record import RECEIPT_FORMAT, receipt_statement, write_record
from compliance.receipt.terms import ConsentTerms, ReceiptInvalid

__all__ = [
    "RECEIPT_FORMAT",
    "BiometricTerms",
    "ConsentTerms",
    "ReceiptInvalid",
    "biometric_statement",
    "receipt_statement",
    "write_biometric",
    "write_record",
]

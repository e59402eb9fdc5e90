"""RFC 3161 time-stamps over bytes that carry none inside: checkpoints of the log."""

from datetime import datetime

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder
from rfc3161_client import decode_timestamp_response as decode
from rfc3161_client.errors import VerificationError

from compliance.errors import SignatureInvalid

MAX_TOKEN = 1 << 16  # bytes of an answer, with its certificates
REQUEST_TYPE = "application/timestamp-query"


def timestamp_request(data: bytes) -> bytes:
    """Return the DER of a TimeStampReq for the SHA-256 of ``data``, with a nonce."""
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return builder.build().as_bytes()


def timestamp_verify(token: bytes, data: bytes, roots: bytes) -> datetime:
    """Return when an authority saw ``data``.

    1. It is a TimeStampResp that grants a token (RFC 3161, 2.4.2).
    2. Its signature chains up to one of the roots, by a certificate for time-stamping only that was
       valid at that time (RFC 3161, 2.3).
    3. The token is over the digest of ``data``.

    Args:
        token: DER of the TimeStampResp.
        data: what was stamped.
        roots: trusted certificates, PEM.

    Raises:
        SignatureInvalid: one of them failed.
    """
    try:
        response = decode(token)
        verifier = VerifierBuilder(roots=x509.load_pem_x509_certificates(roots)).build()
        verifier.verify_message(response, data)
        return response.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        raise SignatureInvalid(
            f"The time-stamp does not hold: {error}.", code="timestamp-invalid"
        ) from error

"""Time-stamps (RFC 3161) beside those of C2PA: asked for, and checked, with pyHanko."""

import asyncio
import hashlib
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import cms, tsp, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError, handle_tsp_response
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from compliance.errors import ComplianceError, InvalidInput, SignatureInvalid

_SECONDS = 20.0
_MAX_ANSWER = 1 << 16  # bytes; an answer has about 5 kB

Roots = tuple[x509.Certificate, ...]


class StampUnavailable(ComplianceError):
    """The time-stamp authority does not answer, or refuses."""

    code = "timestamp-unavailable"


class UrlTimeStamper(TimeStamper):
    """Asks an authority over HTTP, with the standard library and nothing else."""

    def __init__(self, url: str) -> None:
        """Remember the address.

        Raises:
            InvalidInput: it is no web address.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise InvalidInput(
                f"{url!r} is not the address of a time-stamp authority.",
                code="tsa-missing",
                remedy="Set TSA_URL to an RFC 3161 authority.",
            )
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url

    async def async_request_tsa_response(self, req: Any) -> Any:
        """Send one request; pyHanko checks status and nonce of the answer."""
        headers = {"Content-Type": "application/timestamp-query"}
        request = urllib.request.Request(self._url, req.dump(), headers)  # noqa: S310  checked
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310
                return tsp.TimeStampResp.load(reply.read(_MAX_ANSWER))
        except (OSError, ValueError) as error:
            raise StampUnavailable(
                f"The time-stamp authority {self._url} does not answer: {error}.",
                remedy="Try again when it does.",
            ) from error


def ask_stamp(data: bytes, url: str) -> bytes:
    """Return an authority's answer (TimeStampResp, DER) about the SHA-256 of ``data``.

    Raises:
        StampUnavailable: it does not answer, or not what was asked.
    """
    stamper = UrlTimeStamper(url)
    imprint = hashlib.sha256(data).digest()
    nonce, request = stamper.request_cms(imprint, "sha256")  # type: ignore[no-untyped-call]
    try:
        response = asyncio.run(stamper.async_request_tsa_response(request))
        handle_tsp_response(response, nonce)
    except (KeyError, TypeError, ValueError, TimestampRequestError) as error:
        raise StampUnavailable(f"The time-stamp authority {url} refused: {error}.") from error
    return bytes(response.dump())


def check_stamp(response: bytes, data: bytes, roots: Roots) -> datetime:
    """Return when an authority that we trust saw ``data`` (RFC 3161, section 2.4.2).

    1. It is a response (TimeStampResp) with a signed token in it.
    2. It is over the digest of these bytes, and its signature holds.
    3. The signer's certificate is for time-stamps and chained, at the time that the token states,
       to a root we know: a certificate that ended since does not unmake it.

    Raises:
        SignatureInvalid: one of them failed.
    """
    signed = read_cms(stamp_token(response))  # 1
    try:
        moment: datetime = signed["encap_content_info"]["content"].parsed["gen_time"].native
        status = asyncio.run(
            validate_tst_signed_data(
                signed,
                context_at(roots, moment),
                lambda name: hashlib.new(name, data).digest(),
            )
        )
    except Exception as error:  # whatever the library says of a stranger's bytes
        raise SignatureInvalid(
            f"The time-stamp does not hold: {error}.", code="timestamp-invalid"
        ) from error
    if not status.get("intact") or not status.get("valid"):  # 2
        raise SignatureInvalid("The time-stamp is of other bytes.", code="timestamp-invalid")
    if status.get("trust_problem_indic") is not None:  # 3
        raise SignatureInvalid(
            "No trusted time-stamp authority signed it.", code="timestamp-untrusted"
        )
    return moment


def stamp_token(response: bytes) -> bytes:
    """Return the token (DER) in a response.

    Raises:
        SignatureInvalid: there is none.
    """
    try:
        return bytes(tsp.TimeStampResp.load(response, strict=True)["time_stamp_token"].dump())
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureInvalid(
            f"Not the answer of a time-stamp authority: {error}.", code="timestamp-malformed"
        ) from error


def stated_time(response: bytes) -> datetime:
    """Return the time in a response; whether it may be believed is asked elsewhere.

    Raises:
        SignatureInvalid: it states none.
    """
    try:
        content = read_cms(stamp_token(response))["encap_content_info"]["content"]
        moment: datetime = content.parsed["gen_time"].native
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureInvalid(f"Not a time-stamp: {error}.", code="timestamp-malformed") from error
    return moment


def context_at(roots: Roots, moment: datetime) -> Any:
    """Return a context that trusts ``roots`` alone, judges at ``moment`` and fetches nothing."""
    return ValidationContext(
        trust_roots=list(roots), moment=moment, best_signature_time=moment, allow_fetching=False
    )


def read_cms(content: bytes) -> Any:
    """Return the signed data in the DER of a CMS message, by one signer and nothing behind it.

    Raises:
        SignatureInvalid: it is something else.
    """
    try:
        message = cms.ContentInfo.load(content, strict=True)
        if message["content_type"].native != "signed_data":
            raise ValueError("it is not signed data")
        if len(message["content"]["signer_infos"]) != 1:
            raise ValueError("it has not one signer")
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureInvalid(f"Not a CMS signature: {error}.", code="cms-malformed") from error
    return message["content"]

"""Check the two signatures of a pack: CMS of its manifest, PAdES of its summary."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from asn1crypto import pem, tsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import find_unique_cms_attribute
from pyhanko.sign.validation import async_validate_detached_cms, async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel

from compliance.errors import InvalidInput, SignatureInvalid
from compliance.evidence.stamps import Roots, context_at, read_cms
from compliance.provenance.certificates import DOCUMENT_SIGNING

_USAGE = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"},
    match_all_key_usages=True,
    extd_key_usage={"document_signing", DOCUMENT_SIGNING},
    explicit_extd_key_usage_required=True,
)


@dataclass(frozen=True)
class SignatureTrust:
    """Roots of whoever signs packs, and of the time-stamp authorities."""

    evidence_roots: Roots
    timestamp_roots: Roots

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``evidence_root.pem`` and ``tsa_root.pem`` of a trust folder.

        Raises:
            InvalidInput: one is missing or holds no certificate.
        """
        return cls(_roots(folder / "evidence_root.pem"), _roots(folder / "tsa_root.pem"))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: who, and when by a trusted time-stamp."""

    signer: str
    at: datetime


def check_manifest_signature(content: bytes, signature: bytes, trust: SignatureTrust) -> Signed:
    """Return who signed a manifest, and when.

    1. It is a CMS message of one signer, with a time-stamp.
    2. It is over these bytes, and holds.
    3. The signer's certificate is for signing documents, and chained to a trusted root at the
       time of the trusted time-stamp.

    Raises:
        SignatureInvalid: one of them failed.
    """
    message = read_cms(signature)  # 1
    stated = _stated_time(message["signer_infos"][0])

    def validate(signers: Any, stamps: Any) -> Awaitable[Any]:
        return async_validate_detached_cms(
            content, message, signers, stamps, key_usage_settings=_USAGE
        )

    return _checked(validate, stated, trust)


def check_pdf_signature(content: bytes, trust: SignatureTrust) -> Signed:
    """Return who signed a PDF, and when.

    1. It is a PDF with one signature, in PAdES form, with a time-stamp.
    2. The signature holds, and covers the file from its first byte to its last: nothing was
       appended.
    3. As for a manifest.

    Raises:
        SignatureInvalid: one of them failed.
    """
    try:  # 1
        reader = PdfFileReader(io.BytesIO(content), strict=True)
        (embedded,) = reader.embedded_signatures
        stated = _stated_time(embedded.signer_info)
        covered = embedded.evaluate_signature_coverage()
    except SignatureInvalid:
        raise
    except Exception as error:  # whatever the library says of a stranger's bytes
        raise SignatureInvalid(
            f"It is not a PDF with one signature: {error!r}.", code="pdf-unsigned"
        ) from error
    if covered is not SignatureCoverageLevel.ENTIRE_FILE:  # 2
        raise SignatureInvalid("The signature does not cover the whole PDF.", code="pdf-appended")

    def validate(signers: Any, stamps: Any) -> Awaitable[Any]:
        return async_validate_pdf_signature(
            embedded, signers, stamps, key_usage_settings=_USAGE, skip_diff=True
        )

    return _checked(validate, stated, trust)


def pdf_attachment(content: bytes, name: str) -> bytes:
    """Return a file that is embedded in a PDF.

    Raises:
        SignatureInvalid: the PDF has not this one file, and no other, in it.
    """
    try:
        root = PdfFileReader(io.BytesIO(content), strict=True).root
        listed = root["/Names"]["/EmbeddedFiles"]["/Names"]
        (_, described) = listed
        entry = described.get_object()
        if str(entry["/UF"] if "/UF" in entry else entry["/F"]) != name:
            raise ValueError("another file is embedded")
        return bytes(entry["/EF"]["/F"].data)
    except Exception as error:  # whatever the library says of a stranger's bytes
        raise SignatureInvalid(
            f"The PDF does not carry {name}: {error!r}.", code="pdf-attachment"
        ) from error


def _checked(
    validate: Callable[[Any, Any], Awaitable[Any]], stated: datetime, trust: SignatureTrust
) -> Signed:
    async def run() -> Any:
        return await validate(
            context_at(trust.evidence_roots, stated), context_at(trust.timestamp_roots, stated)
        )

    try:
        status = asyncio.run(run())
    except Exception as error:  # whatever the library says of a stranger's bytes
        raise SignatureInvalid(f"The signature does not hold: {error}.") from error
    if not status.intact or not status.valid:  # 2
        raise SignatureInvalid("The signature is over other bytes, or does not hold.")
    if not status.trusted:  # 3
        raise SignatureInvalid(
            "It was not signed by an evidence key that is trusted.", code="signature-untrusted"
        )
    stamped = status.timestamp_validity
    if stamped is None or not (stamped.intact and stamped.valid and stamped.trusted):
        raise SignatureInvalid(
            "Its time-stamp is of no authority that is trusted.", code="timestamp-untrusted"
        )
    return Signed(str(status.signing_cert.subject.native.get("common_name")), stated)


def _stated_time(signer_info: Any) -> datetime:
    """Return the time in the signature's time-stamp; whether it may be believed is asked later."""
    try:
        token = find_unique_cms_attribute(
            signer_info["unsigned_attrs"], "signature_time_stamp_token"
        )
        info: tsp.TSTInfo = token["content"]["encap_content_info"]["content"].parsed
        moment: datetime = info["gen_time"].native
    except Exception as error:
        raise SignatureInvalid(
            "The signature carries no time-stamp.", code="timestamp-missing"
        ) from error
    return moment


def _roots(path: Path) -> Roots:
    return tuple(_certificates(path))


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        blocks = list(pem.unarmor(path.read_bytes(), multiple=True))
        found = [x509.Certificate.load(der) for kind, _, der in blocks if kind == "CERTIFICATE"]
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The certificate {path} cannot be read: {error}.",
            code="trust-unreadable",
            remedy="Name the trust folder that the publisher gave you.",
        ) from error
    if not found:
        raise InvalidInput(f"{path} holds no certificate.", code="trust-unreadable")
    return found

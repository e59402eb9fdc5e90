"""Sign the two papers of a pack with one key: CMS of its manifest, PAdES of its summary.

pyHanko makes both and asks us for the bare signature: the key may lie anywhere.
"""

import asyncio
import io

from asn1crypto import pem, x509
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.asymmetric import utils
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers import Signer as CmsSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from compliance.errors import InvalidInput
from compliance.evidence.stamps import UrlTimeStamper
from compliance.provenance import Signer

FIELD = "Rakkan"
_DIGESTS = {"es256": "sha256", "es384": "sha384", "es512": "sha512", "ps256": "sha256"}
_HASH = {"algorithm": "sha256"}
_PSS = SignedDigestAlgorithm(  # PS256 of RFC 7518; pyHanko's own would be as long a salt as fits
    {
        "algorithm": "rsassa_pss",
        "parameters": {
            "hash_algorithm": _HASH,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": _HASH},
            "salt_length": 32,
        },
    }
)
_PLACEHOLDER = 1024  # bytes: more than a signature of any of these


class EvidenceSigner:
    """Signs manifests and summaries; both carry a time-stamp."""

    def __init__(self, signer: Signer, tsa_url: str) -> None:
        """Take a signer whose chain fits ``certificates.PACKS``, and a time-stamp authority.

        Raises:
            InvalidInput: its key is of a kind that PDF readers do not check (Ed25519), or the
                authority has no web address.
        """
        if signer.algorithm not in _DIGESTS:
            raise InvalidInput(
                f"PDF readers do not check signatures by {signer.algorithm}.",
                code="key-kind",
                remedy="Have packs signed with an ECDSA or RSA key.",
            )
        self._signer, self._digest = _Pyhanko(signer), _DIGESTS[signer.algorithm]
        self._stamper = UrlTimeStamper(tsa_url)
        self.chain_pem = signer.chain_pem

    def sign_manifest(self, content: bytes) -> bytes:
        """Return a detached CAdES signature (CMS, RFC 5652) with a time-stamp, as DER.

        Raises:
            SignerUnavailable: the key does not answer.
            StampUnavailable: the time-stamp authority does not answer.
        """
        message = self._signer.async_sign_general_data(
            content, self._digest, use_cades=True, timestamper=self._stamper
        )
        return bytes(asyncio.run(message).dump())

    def sign_pdf(self, content: bytes) -> bytes:
        """Return the PDF with a PAdES signature (ETSI EN 319 142-1, level B-T).

        Raises:
            SignerUnavailable: the key does not answer.
            StampUnavailable: the time-stamp authority does not answer.
        """
        metadata = PdfSignatureMetadata(
            field_name=FIELD, md_algorithm=self._digest, subfilter=fields.SigSeedSubFilter.PADES
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        made = PdfSigner(metadata, self._signer, timestamper=self._stamper)
        signed: io.BytesIO = asyncio.run(made.async_sign_pdf(writer))
        return signed.getvalue()


class _Pyhanko(CmsSigner):
    """One of our signers, as pyHanko asks for signatures."""

    def __init__(self, signer: Signer) -> None:
        blocks = pem.unarmor(signer.chain_pem.encode(), multiple=True)
        leaf, *others = [x509.Certificate.load(der) for _, _, der in blocks]
        super().__init__(
            signature_mechanism=_PSS if signer.algorithm == "ps256" else None,
            signing_cert=leaf,
            cert_registry=SimpleCertificateStore.from_certs([leaf, *others]),
        )
        self._asked = signer

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """Return the signature over the signed attributes, which ``data`` are."""
        del digest_algorithm  # that of the key's own algorithm: it is what we asked for
        return bytes(_PLACEHOLDER) if dry_run else _as_in_cms(self._asked, data)


def _as_in_cms(signer: Signer, data: bytes) -> bytes:
    """CMS writes an ECDSA signature as DER (RFC 5753); C2PA and most services write r || s."""
    signature = signer.sign(data)
    if not signer.algorithm.startswith("es") or _is_der(signature):
        return signature
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return utils.encode_dss_signature(r, s)


def _is_der(signature: bytes) -> bool:
    try:
        utils.decode_dss_signature(signature)
    except ValueError:
        return False
    return True

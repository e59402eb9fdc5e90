"""Sign a finished video. The result appears whole, under its name, or not at all."""

import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import c2pa
import cv2
import numpy as np

from compliance import __version__
from compliance.errors import ComplianceError, InvalidInput
from compliance.provenance.facts import InputFact, ManifestFacts, manifest_definition
from compliance.provenance.signer import Signer, SignerUnavailable
from compliance.provenance.trust import signing_context

_THUMBNAIL = "portrait-thumbnail"
_LABEL = "label-picture"
_THUMBNAIL_SIDE = 256  # pixels; c2pa's own thumbnails are 1024 and quadruple the manifest
_THUMBNAIL_QUALITY = 80


class SealingFailed(ComplianceError):
    """The file could not be signed; nothing was written."""

    code = "sealing-failed"


def sign_file(
    source: Path, destination: Path, facts: ManifestFacts, signer: Signer, tsa_url: str
) -> None:
    """Write ``source`` with a signed, time-stamped C2PA manifest to ``destination``.

    The time-stamp is mandatory: without it the file turns invalid when the leaf expires.
    ``destination`` appears by a rename within its folder; an older file of that name stays as
    it was if anything fails.

    Args:
        source: the marked MP4; left as it is. Must not be ``destination``.
        destination: where the signed file goes.
        facts: what the manifest states.
        signer: who signs it.
        tsa_url: RFC 3161 authority, http or https.

    Raises:
        InvalidInput: the two paths are the same file, one of the files to read is not there, or
            no time-stamp authority is named.
        SealingFailed: the source is not an MP4 ("sealing-failed"), the authority does not answer
            or the signer broke off or its key is not that of its chain ("signing-unavailable"),
            the disk is full ("disk-unavailable").
        ComplianceError: what ``signer.sign`` raised, unchanged.
    """
    write_signed(source, destination, lambda: _builder(facts), Sealer(signer, tsa_url))


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who signs, who stamps the time, and what kind of file it is."""

    signer: Signer
    tsa_url: str
    media_type: str = "video/mp4"


def write_signed(
    source: Path, destination: Path, make: Callable[[], c2pa.Builder], sealer: Sealer
) -> None:
    """Write ``source`` with the manifest of a builder to ``destination``; see :func:`sign_file`.

    Args:
        source: the file; left as it is.
        destination: where the signed file goes.
        make: makes the builder once everything else is in order.
        sealer: who signs and stamps.

    Raises:
        InvalidInput: as sign_file.
        SealingFailed: as sign_file.
    """
    if not sealer.tsa_url:
        raise InvalidInput(
            "A release needs a time-stamp authority.",
            code="tsa-missing",
            remedy="Set TSA_URL to an RFC 3161 authority.",
        )
    if not source.is_file():
        raise InvalidInput(f"There is no file {source} to sign.", code="file-unreadable")
    if destination.exists() and destination.samefile(source):
        raise InvalidInput(f"{source} cannot be signed onto itself.", code="same-file")
    descriptor, name = tempfile.mkstemp(
        prefix=f".{destination.name}.", suffix=".part", dir=destination.parent
    )
    os.close(descriptor)
    scratch = Path(name)
    try:
        _sign(source, scratch, make(), sealer)
        scratch.replace(destination)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


class _Remembering:
    """Keeps what the signer raised: c2pa turns every callback error into one sentence."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.error: BaseException | None = None

    def __call__(self, data: bytes) -> bytes:
        try:
            return self.signer.sign(data)
        except BaseException as error:
            self.error = error
            raise


def _sign(source: Path, scratch: Path, made: c2pa.Builder, sealer: Sealer) -> None:
    callback, tsa_url = _Remembering(sealer.signer), sealer.tsa_url
    algorithm = c2pa.C2paSigningAlg[callback.signer.algorithm.upper()]
    chain = callback.signer.chain_pem
    try:
        with (
            made as builder,
            c2pa.Signer.from_callback(callback, algorithm, chain, tsa_url) as signer,
            source.open("rb") as original,
            scratch.open("w+b") as signed,
        ):
            builder.sign(signer, sealer.media_type, original, signed)
            signed.flush()
            os.fsync(signed.fileno())
    except c2pa.C2paError as error:
        if callback.error is not None:
            raise _told_by_signer(callback.error) from callback.error
        # about the file c2pa says other things: this is a signature or a time-stamp it did not get
        ours = isinstance(error, c2pa.C2paError.Signature)
        raise SealingFailed(
            f"The file could not be signed: {error}.",
            code="signing-unavailable" if ours else None,
            remedy=f"Check that the time-stamp authority {tsa_url} answers, then seal again.",
        ) from error
    except OSError as error:
        raise SealingFailed(
            f"The signed file could not be written: {error}.",
            code="disk-unavailable",
            remedy="Check that the disk has room for a second copy, then seal again.",
        ) from error


def _told_by_signer(error: BaseException) -> BaseException:
    if isinstance(error, ComplianceError) or not isinstance(error, Exception):
        return error
    return SignerUnavailable(
        f"The signer broke off: {type(error).__name__}: {error}",
        remedy="Look at the key service; the file is sealed when it answers.",
    )


def _builder(facts: ManifestFacts) -> c2pa.Builder:
    definition = manifest_definition(facts, __version__)
    builder = c2pa.Builder(definition, signing_context())
    builder.add_resource(_THUMBNAIL, io.BytesIO(_thumbnail(facts.portrait.path)))
    if facts.label is not None:  # whole: whoever has the file can look for it in the picture
        builder.add_resource(_LABEL, io.BytesIO(facts.label.path.read_bytes()))
    for role, item in facts.inputs().items():
        _add_ingredient(builder, role, item)
    return builder


def _add_ingredient(builder: c2pa.Builder, role: str, item: InputFact) -> None:
    """Name an input; if it carries content credentials of its own, they come along."""
    described: dict[str, Any] = {
        "title": role,  # never the file's name: it may be a person's
        "label": role,  # what the action "placed" refers to
        "format": item.media_type,
        "relationship": "componentOf",
        "instance_id": f"sha256:{item.sha256}",
    }
    if role == "portrait":
        described["thumbnail"] = {"format": "image/jpeg", "identifier": _THUMBNAIL}
    if role == "label":
        described["thumbnail"] = {"format": item.media_type, "identifier": _LABEL}
    try:
        with item.path.open("rb") as stream:
            _add_stream(builder, described, stream)
    except OSError as error:
        raise InvalidInput(
            f"The {role} {item.path} cannot be read: {error}.", code="input-unreadable"
        ) from error


def _add_stream(builder: c2pa.Builder, described: dict[str, Any], stream: BinaryIO) -> None:
    try:
        builder.add_ingredient(described, described["format"], stream)
    except c2pa.C2paError:
        # A container c2pa cannot walk (Ogg under another name, a WAV with a broken header that
        # still decodes): name it without looking inside. Our own assertion pins its digest.
        builder.add_ingredient(described, "application/octet-stream", io.BytesIO(b"\0"))


def _thumbnail(path: Path) -> bytes:
    """Return a JPEG of at most 256 pixels a side."""
    data = np.fromfile(path, np.uint8) if path.is_file() else np.empty(0, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise InvalidInput(f"The portrait {path} is not a picture.", code="input-unreadable")
    height, width = picture.shape[:2]
    factor = min(1.0, _THUMBNAIL_SIDE / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY]
    return bytes(cv2.imencode(".jpg", small, quality)[1])

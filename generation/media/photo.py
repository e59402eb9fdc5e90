"""Reading a stranger's photo: the header first, the pixels only if it is safe."""

import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from compliance.heif import HEAD, is_heif
from generation.errors import PortraitError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
_REMEDY = "Save it as a JPEG, PNG or WebP picture and upload that file."
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Photo:
    """A decoded photo, upright.

    Attributes:
        rgb: (H, W, 3) uint8.
        format: "JPEG", "PNG", "WEBP", or "MPO": a JPEG with other pictures behind it.
    """

    rgb: NDArray[np.uint8]
    format: str


def load_photo(path: Path) -> Photo:
    """Read a photo, turned as its camera meant it, on white where it is transparent.

    16 bits a channel become 8. Of a JPEG with several pictures (as telephones write their depth
    or preview) the first is taken, which is all that other programs show.

    Raises:
        PortraitError: "portrait-unreadable" (not a picture, damaged, another format),
            "portrait-heif" (HEIC, HEIF or AVIF), "portrait-animated" or "portrait-too-large" (more
            than 40 megapixels, judged before any pixel is decoded).
    """
    _check_not_heif(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                _check_size(picture.width * picture.height)
                _check_still(picture)
                return Photo(_upright_rgb(picture), str(picture.format))
    except _TOO_LARGE as error:
        raise _too_large("more than 89") from error
    except UnidentifiedImageError as error:
        raise PortraitError(
            f"{path.name} is not a JPEG, PNG or WebP picture.", remedy=_REMEDY
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PortraitError(
            f"{path.name} is damaged or was cut off: {error}.", remedy=_REMEDY
        ) from error


def _check_size(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise _too_large(f"{pixels / 1e6:.0f}")


def _too_large(megapixels: str) -> PortraitError:
    return PortraitError(
        f"The photo has {megapixels} megapixels; {MAX_PIXELS // 1_000_000} are allowed.",
        code="portrait-too-large",
        remedy="Scale it down to at most 4,000 pixels on its longer side and upload it again.",
    )


def _check_not_heif(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        if is_heif(file.read(HEAD)):
            raise PortraitError(
                f"{path.name} is a HEIC, HEIF or AVIF photo.",
                code="portrait-heif",
                remedy="Export it as a JPEG and upload that file.",
            )


def _check_still(picture: Image.Image) -> None:
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise PortraitError(
            "The picture is animated.",
            code="portrait-animated",
            remedy="Save the one picture that is meant as a JPEG, PNG or WebP.",
        )


def _upright_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode == "I;16":  # a grey PNG; Pillow would clip its 16 bits to white
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode.startswith(("I", "F")):
        raise ValueError("pictures with more than 16 bits a channel are not supported")
    if picture.has_transparency_data:
        layer = _converted(picture, "RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer)
    return np.asarray(_converted(picture, "RGB"), dtype=np.uint8)


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    """Return a picture in a mode; Pillow would copy what has it already: 160 MB at the most."""
    return picture if picture.mode == mode else picture.convert(mode)

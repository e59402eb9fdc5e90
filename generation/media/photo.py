"""Reading a stranger's photo: the header first, the pixels only if it is safe."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

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
        format: "JPEG", "PNG" or "WEBP".
    """

    rgb: NDArray[np.uint8]
    format: str


def load_photo(path: Path) -> Photo:
    """Read a photo, turned as its camera meant it, without transparency.

    Raises:
        PortraitError: "portrait-unreadable" (not a picture, damaged, another format) or
            "portrait-too-large" (more than 40 megapixels, judged before any pixel is decoded).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                _check_size(picture.width * picture.height)
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


def _upright_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode.startswith(("I", "F")):  # Pillow would clip 16 bits to white
        raise ValueError("pictures with more than 8 bits a channel are not supported")
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        upright = Image.alpha_composite(white, layer)
    return np.asarray(upright.convert("RGB"), dtype=np.uint8)

"""Why a photo cannot be drawn from: how many faces it shows."""

from generation.errors import PortraitError


class FaceNotFound(PortraitError):
    """The photo shows no face."""

    code = "portrait-no-face"


class SeveralFaces(PortraitError):
    """The photo shows more than one face, and nobody may guess whose consent was meant."""

    code = "portrait-several-faces"

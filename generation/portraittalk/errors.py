"""What can go wrong while PortraitTalk draws or is put together."""

from generation.errors import EngineError, GenerationError, InputError


class DrawingStopped(GenerationError):
    """Somebody asked for the drawing to end before its end."""

    code = "drawing-stopped"


class ClipUnusable(InputError):
    """The inputs of a clip do not fit each other or the networks."""

    code = "clip-unusable"


class PartMissing(EngineError):
    """A network's weights are not where they have to lie."""

    code = "engine-part-missing"


class PartUnfit(EngineError):
    """A network's weights are there, and do not fit the others."""

    code = "engine-part-unfit"

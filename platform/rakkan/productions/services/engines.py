"""Which engine draws a production: only one that a worker is there for."""

from rakkan.core.errors import BadInput
from rakkan.dispatch.services import engines_offered

# Engines that draw the background themselves, and show no picture that was given for it.
_SHOW_NO_PICTURE = frozenset({"portraittalk"})


def check_engine_is_here(engine: str) -> str:
    """Return the digest of the weights that an engine draws with now, "" where it needs none.

    Raises:
        BadInput: no worker draws with it now.
    """
    offered = engines_offered()
    if engine not in offered:
        raise BadInput(
            f"No worker is here that draws with {engine}.",
            code="engine-not-here",
            remedy=f"Choose among: {', '.join(offered)}; or have a worker started that has it.",
            status=409,
        )
    return offered[engine]


def check_engine_shows(engine: str, *, picture: bool) -> None:
    """Raise where a picture was given that an engine does not show.

    Raises:
        BadInput: it draws the background itself.
    """
    if picture and engine in _SHOW_NO_PICTURE:
        raise BadInput(
            f"The engine {engine} shows no picture that is given for the background.",
            code="engine-background-picture",
            remedy="Leave the picture out, or choose the engine mesh.",
        )

"""Whether the second engine is wanted, and whether its weights are there."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local.errors import LocalError

ENGINES = ("mesh", "portraittalk")


def engine_of(settings: Mapping[str, str]) -> str:
    """Returns the engine in ENGINE.

    Raises:
        LocalError: There is none of that name.
    """
    engine = settings.get("ENGINE") or ENGINES[0]
    if engine not in ENGINES:
        raise LocalError(
            "engine-unknown", f"There is no engine {engine!r}.", f"ENGINE= {' or '.join(ENGINES)}."
        )
    return engine


def wanted(settings: Mapping[str, str]) -> bool:
    """Answers whether a worker for portraittalk is to run: it is asked for, or has weights."""
    return engine_of(settings) != ENGINES[0] or bool(settings.get("RAKKAN_PORTRAITTALK"))


def check(settings: Mapping[str, str]) -> None:
    """Looks for the weights of an engine that is wanted; loads none of them.

    Raises:
        LocalError: They are not there, not all of them, or not the pinned ones.
    """
    if not wanted(settings):
        return
    from generation.errors import GenerationError  # needs the virtual environment
    from generation.portraittalk import weights

    try:
        weights.find(settings)
    except GenerationError as error:
        raise LocalError(error.code, str(error), error.remedy) from error

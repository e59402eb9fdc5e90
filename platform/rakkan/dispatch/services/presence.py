"""Which engines can draw now: what workers said of themselves not long ago."""

from django.conf import settings
from django.core.cache import cache

from compliance.permit import Capabilities

ALWAYS = "mesh"  # every installation has a worker for it: without one nothing is measured either
_KEY = "engine-here:{}"


def worker_announce(worker: Capabilities) -> None:
    """Note that a worker is here, and with which weights it draws.

    Of workers with other weights the last one that spoke counts: what is submitted then is pinned
    to its weights, and no other worker is given it.
    """
    for engine in worker.engines:
        if engine in settings.RAKKAN_ENGINE_QUEUES and engine != ALWAYS:
            weights = worker.weights.get(engine, "")
            cache.set(_KEY.format(engine), weights, settings.RAKKAN_PRESENT_SECONDS)


def engines_offered() -> dict[str, str]:
    """Return the engines that can be asked for now, each with the digest of its weights or ""."""
    others = [engine for engine in settings.RAKKAN_ENGINE_QUEUES if engine != ALWAYS]
    found = {engine: cache.get(_KEY.format(engine)) for engine in others}
    return {ALWAYS: "", **{name: weights for name, weights in found.items() if weights is not None}}

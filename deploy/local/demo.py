"""One production the whole way through the public API, as five different people."""

from collections.abc import Mapping


def demonstrate(settings: Mapping[str, str]) -> int:
    """Placeholder replaced below in this change."""
    raise NotImplementedError

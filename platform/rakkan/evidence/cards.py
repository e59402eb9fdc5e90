"""Model cards: found by the digest of the weights that they describe."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings


def cards_of(digests: Iterable[str]) -> dict[str, bytes]:
    """Return name and text of each card that names one of these SHA-256.

    What there is no card for is not made up: the verifier says that it is missing.
    """
    wanted = set(digests)
    texts = {path.name: path.read_text(encoding="utf-8") for path in _cards()}
    return {
        name: text.encode()
        for name, text in texts.items()
        if any(digest in text for digest in wanted)
    }


def _cards() -> list[Path]:
    folder = Path(settings.RAKKAN_MODEL_CARDS)
    return sorted(folder.glob("*.md")) if folder.is_dir() else []

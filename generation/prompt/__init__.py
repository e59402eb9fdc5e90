"""The text prompt: a documented vocabulary, and a report on every word that was given."""

from generation.prompt.effects import PromptEffects
from generation.prompt.understanding import understand, unframed

__all__ = ["PromptEffects", "understand", "unframed"]

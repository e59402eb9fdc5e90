"""The errors of this package: whose fault it is, a stable code and what to do next."""


class GenerationError(Exception):
    """Base of every error raised by the generation side.

    Attributes:
        code: stable, kebab-case, safe to show and to translate.
        remedy: one sentence that says what to do next.
        fault: "input" (trying again cannot help) or "system" (it may).
    """

    code = "generation-error"
    fault = "system"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "") -> None:
        """Keep the message, an optional more precise code and the remedy."""
        super().__init__(message)
        self.code = code or type(self).code
        self.remedy = remedy


class InputError(GenerationError):
    """What was given cannot be used, however often it is tried."""

    code = "input-unusable"
    fault = "input"


class AudioError(InputError):
    """The voice track cannot be used."""

    code = "audio-unreadable"


class PortraitError(InputError):
    """The photo cannot be used."""

    code = "portrait-unreadable"


class EngineError(GenerationError):
    """This worker cannot draw: an engine or a weight file is missing or failed."""

    code = "engine-failed"


class EngineMissing(EngineError):
    """The engine that was asked for is not installed here."""

    code = "engine-missing"


class MemoryExhausted(EngineError):
    """The card has no memory left: this process has to end, for nothing else frees all of it."""

    code = "gpu-memory-exhausted"


class WeightsInvalid(EngineError):
    """A weight file is missing, or is not the one its model card describes."""

    code = "weights-invalid"


class EncodingError(GenerationError):
    """The video could not be written."""

    code = "encoding-failed"

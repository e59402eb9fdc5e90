"""What keeps data from being trained on, and training from going on."""

from generation.errors import EngineError, InputError


class TrainingDataRefused(InputError):
    """Data that must not or cannot be trained on."""

    code = "training-data-refused"


class TrainingFailed(EngineError):
    """A training that cannot go on: a checkpoint of other settings, or numbers that are none."""

    code = "training-failed"

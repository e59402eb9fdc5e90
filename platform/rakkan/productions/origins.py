"""Where the sound of a voice track comes from."""

from enum import StrEnum


class VoiceOrigin(StrEnum):
    """What the requester declares; approvers, manifest and evidence repeat it."""

    RECORDED = "recorded"  # the person spoke these words
    SYNTHETIC = "synthetic"  # a machine made them in the person's voice

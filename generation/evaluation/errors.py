"""Why a video cannot be judged."""

from generation.errors import InputError


class VideoError(InputError):
    """The video cannot be judged."""

    code = "video-unreadable"

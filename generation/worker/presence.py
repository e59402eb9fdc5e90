"""Telling the platform, again and again, that this worker is here and what it draws with."""

import logging
import threading
from collections.abc import Callable

from generation.worker.errors import PlatformError

FIRST = 20.0  # s between two words where the platform has not said how many
_log = logging.getLogger(__name__)


class Presence:
    """A thread that speaks while the process lives, whatever its job does meanwhile."""

    def __init__(self, announce: Callable[[], float | None]) -> None:
        """Take what tells the platform and returns after how many seconds to tell it again."""
        self._announce = announce
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._speak, name="presence", daemon=True)

    def start(self) -> None:
        """Speak at once, and go on."""
        self._thread.start()

    def end(self) -> None:
        """Say nothing more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _speak(self) -> None:
        seconds = FIRST
        while True:
            try:
                seconds = self._announce() or FIRST
            except PlatformError as error:  # it may be starting, or of an older version
                _log.info("The platform did not hear that this worker is here: %s", error)
            if self._ended.wait(seconds):
                return

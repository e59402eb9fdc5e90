"""What was heard in the last few tracks: one voice drives previews, a measurement and a video.

Kept in the memory of this process and nowhere else, for ten minutes: it is what somebody said.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from generation.audio.phonemes import Heard, listen
from generation.audio.speech import Speech

SECONDS = 600.0  # that something is kept
MOST = 4  # tracks


class Memory:
    """What was heard by the bytes of the sound; safe to use from several threads.

    A timer forgets each, whether or not anything else is heard.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        """Remember nothing yet."""
        self._seconds = seconds
        self._kept: OrderedDict[bytes, Heard] = OrderedDict()

    def hear(
        self,
        speech: Speech,
        progress: Callable[[float], None] = lambda part: None,
        *,
        threads: int = 1,
    ) -> Heard:
        """Return what :func:`generation.audio.listen` hears in a track, or heard in it.

        Raises:
            WeightsInvalid: the installed weight file is not the pinned one.
        """
        key = hashlib.sha256(speech.samples.tobytes()).digest()
        found = self._kept.get(key)
        if found is None:
            found = listen(speech, progress, threads=threads)
            self._keep(key, found)
        progress(1.0)
        return replace(found, phones=list(found.phones), mouth=found.mouth.copy())

    def _keep(self, key: bytes, heard: Heard) -> None:
        self._kept[key] = heard
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        timer = threading.Timer(self._seconds, self._kept.pop, (key, None))
        timer.daemon = True
        timer.start()


hear = Memory().hear

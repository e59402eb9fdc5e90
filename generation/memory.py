"""Memory that a process keeps from one picture to the next."""

import ctypes

# of mallopt(3), glibc's <malloc.h>
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGEST = 32 << 20  # bytes: the most that glibc takes as the second
_KEPT = 1 << 30  # bytes at the end of the heap


def keep() -> None:
    """Have the C library keep what is freed for what is asked for next, where it is glibc.

    Otherwise arrays as large as a picture are handed back and asked for anew again and again, and
    the kernel clears each page of them: a sixth of what it costs to prepare a photo. What a process
    holds is then what it held at most; one arena, so that threads do not each keep their own.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    for option, value in (
        (_TRIM_THRESHOLD, _KEPT),
        (_MMAP_THRESHOLD, _LARGEST),
        (_ARENA_MAX, 1),
    ):
        mallopt(option, value)

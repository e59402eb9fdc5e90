"""Work shared out among threads, its results in their order.

OpenCV, FFmpeg and numpy let go of Python's lock while they compute, so that threads fill cores.
However it ends, the threads end first: what was begun is finished (a frame, a piece of sound),
what was not is never begun. So close what these functions return, with ``contextlib.closing``: an
exception's traceback keeps a generator alive that nobody closes.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_NO_MORE = object()


def cores() -> int:
    """Return the cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[Result, None, None]:
    """Yield ``work(item)`` of each item, in their order; the first error ends it.

    Args:
        work: called by several threads at once.
        items: asked for as it goes on, by the caller's thread: at most ``threads`` results wait.
        threads: that work; with one the caller works itself.
    """
    if threads < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="in-order") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()


def ahead(items: Iterable[Item], most: int) -> Generator[Item, None, None]:
    """Yield the items of an iterable that a thread of its own goes through, ``most`` ahead."""
    source = iter(items)
    waiting: deque[Future[object]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        try:
            while True:
                while len(waiting) < most:
                    waiting.append(pool.submit(next, source, _NO_MORE))
                item = waiting.popleft().result()
                if item is _NO_MORE:
                    return
                yield item  # type: ignore[misc]  # it is the source's, or the end of it
        finally:
            for each in waiting:
                each.cancel()

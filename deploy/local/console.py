"""What the person at the keyboard sees: steps, notes and a clock."""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


def step(text: str) -> None:
    """Announces what happens next, with the seconds since the command began."""
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {text}", flush=True)


def note(text: str) -> None:
    """Adds a detail to the last step."""
    print(f"           {text}", flush=True)


def fail(code: str, message: str, remedy: str) -> None:
    """Says what went wrong and what to do about it, on standard error."""
    print(f"\nerror ({code}): {message}\n{remedy}", file=sys.stderr, flush=True)


def confirm(question: str) -> bool:
    """Asks a yes/no question; anything but a typed `yes` is a no, and so is no terminal."""
    try:
        return input(f"{question} Type yes to go on: ").strip().lower() == "yes"
    except EOFError:
        print()
        return False

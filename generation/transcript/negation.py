"""Whether English words deny as often as other words do: a "not" turns a sentence round."""

import re

_WORD = re.compile(r"[a-z]+(?:['\u2019][a-z]+)?")
_DENYING = {"not", "no", "never", "none", "nothing", "cannot", "without", "neither", "nor"} | {
    "nobody",
    "nowhere",
}  # besides those that end in n't


def denials(text: str) -> int:
    """Return how many words of an English text deny."""
    found = _WORD.findall(text.lower())
    return sum(word in _DENYING or word.replace("\u2019", "'").endswith("n't") for word in found)

"""One check for every state machine: transitions are a plain table, and nothing else may happen."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from rakkan.core.errors import Refused

S = TypeVar("S", bound=Enum)


def check_transition(table: Mapping[S, frozenset[S]], current: S, target: S) -> None:
    """Raise unless ``table`` allows going from ``current`` to ``target``.

    Raises:
        Refused: the transition is not in the table.
    """
    if target not in table[current]:
        allowed = ", ".join(sorted(str(s.value) for s in table[current])) or "nothing: it is final"
        raise Refused(
            f"It is {current.value!r} and cannot become {target.value!r}.",
            code="wrong-state",
            remedy=f"From here it can become: {allowed}.",
        )

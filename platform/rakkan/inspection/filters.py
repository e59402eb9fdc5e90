"""What an auditor asks the log for: every condition must hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from rakkan.inspection.terms import Kind, term, words_asked


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Conditions; an empty one asks nothing.

    Attributes:
        name: an event's name.
        domain: the first part of it.
        person: the id of a person or of an account: what concerns them, and what they did.
        production: the id of a production: what concerns it.
        shown: the id of a person: what says that somebody else was shown their data.
        actor: the id of an account, or ``system:PROCESS``: what they did.
        object: the id of anything: events whose object it is.
        text: words; all of them stand in the event.
        since: none earlier.
        until: only earlier ones.
    """

    name: str = ""
    domain: str = ""
    person: str = ""
    production: str = ""
    shown: str = ""
    actor: str = ""
    object: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> LogFilter:
        """Return the filter of a form's or a stored filter's values; unknown ones are left out."""
        values = {f.name: given[f.name] for f in fields(cls) if given.get(f.name)}
        for name in ("since", "until"):
            if isinstance(values.get(name), str):
                values[name] = datetime.fromisoformat(values[name])
        return cls(**values)

    def told(self) -> dict[str, str]:
        """Return the conditions that ask something, as text: for addresses and for storage."""
        values = {name: value for name, value in asdict(self).items() if value}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
        }

    def terms(self, organisation_id: str) -> list[int]:
        """Return the terms that an event of this organisation must have, all of them."""
        asked = [
            (Kind.NAME, self.name),
            (Kind.DOMAIN, self.domain),
            (Kind.ABOUT, self.person),
            (Kind.ABOUT, self.production),
            (Kind.SHOWN, self.shown),
            (Kind.ACTOR, self.actor),
            (Kind.OBJECT, self.object),
            *((Kind.WORD, word) for word in words_asked(self.text)),
        ]
        return sorted({term(organisation_id, kind, value) for kind, value in asked if value})

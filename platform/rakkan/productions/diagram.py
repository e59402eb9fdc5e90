"""The life of a production as a Mermaid diagram, drawn from its tables."""

from rakkan.productions.states import EVENTS, OWNERS, TRANSITIONS

HEADING = """# The life of a production

Drawn from `platform/rakkan/productions/states.py` by `python manage.py production_states`;
a test fails where the two differ.
"""


def document() -> str:
    """Return the Markdown page: diagram, then a table of states."""
    lines = [HEADING, "```mermaid", "stateDiagram-v2", "    [*] --> draft"]
    for state, targets in TRANSITIONS.items():
        lines += [f"    {state.value} --> {target.value}" for target in sorted(targets)]
        if not targets:
            lines.append(f"    {state.value} --> [*]")
    lines += ["```", "", "| state | whose move | event on arrival |", "|---|---|---|"]
    lines += [f"| {s.value} | {OWNERS[s]} | `{EVENTS[s].value}` |" for s in TRANSITIONS]
    return "\n".join(lines) + "\n"

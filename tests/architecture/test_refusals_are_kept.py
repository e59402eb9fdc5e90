"""A refusal is written, then raised: a transaction around both would take it back."""

from __future__ import annotations

import ast
from pathlib import Path


def test_what_records_its_refusals_is_in_no_transaction_of_its_own(checkout: Path) -> None:
    wrapped, recording = [], 0
    for path in sorted((checkout / "platform" / "rakkan").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and _records(node.body):
                recording += 1
                if any("atomic" in ast.unparse(one) for one in node.decorator_list):
                    wrapped.append(f"{path.name}: {node.name}")
            elif isinstance(node, ast.With) and "atomic" in ast.unparse(node.items[0]):
                wrapped += [f"{path.name}: line {node.lineno}"] if _records(node.body) else []

    assert not wrapped, "the event of the refusal is rolled back with the transaction around it"
    assert recording > 40, "the services were not found"


def _records(body: list[ast.stmt]) -> bool:
    return any("refusal_recorded(" in ast.unparse(one) for one in body)

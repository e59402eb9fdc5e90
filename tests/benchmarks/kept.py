"""Results that are kept as files, so that a long measurement can be stopped and taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def kept(path: Path, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what lies at a path, measuring it only where nothing does.

    Args:
        path: names the result and, by a digest, all that it depends on.
        measure: returns what JSON can say; what it was doing when it was stopped leaves no file.
    """
    if not path.exists():
        result = measure()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(result), encoding="utf-8")
        partial.replace(path)
        print(f"{path.stem}: measured", flush=True)
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded

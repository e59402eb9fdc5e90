"""Results that are kept, so that a long measurement can be made in slices and taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import compliance.watermark
from tests.benchmarks import kept as files
from tests.benchmarks.marking.clips import CACHE

_MARK = Path(compliance.watermark.__file__).parent
# what a result depends on, besides the clip and the module that measures it
_ALL = [
    *sorted(_MARK.glob("*.py")),
    *(Path(__file__).parent / n for n in ("clips.py", "codecs.py")),
]


def kept(
    module: str, name: str, measure: Callable[[], dict[str, Any]], more: Sequence[Path] = ()
) -> dict[str, Any]:
    """Return a result of this version of the code, measuring it only where there is none.

    Args:
        module: ``__file__`` of whoever measures.
        name: of the result, as a file's.
        measure: returns what JSON can say.
        more: sources it depends on, too.
    """
    sources = [*_ALL, Path(module), *more]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    path = CACHE / "results" / digest / f"{Path(module).stem}-{name}.json"
    return files.kept(path, measure)

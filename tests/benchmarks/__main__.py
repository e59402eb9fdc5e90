"""``python -m tests.benchmarks PART``: measures a part or all, prints a table, writes a file."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from tests.benchmarks.harness import table, write

HERE = Path(__file__).parent


def parts() -> list[str]:
    """Lists the parts that can be measured."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def main(arguments: list[str]) -> int:
    """Measures what was asked for; returns the exit status."""
    wanted = parts() if arguments in ([], ["all"]) else arguments
    unknown = [name for name in wanted if name not in parts()]
    if unknown:
        print(
            f"There is no part {', '.join(unknown)}. Parts: {', '.join(parts())}.", file=sys.stderr
        )
        return 2
    for name in wanted:
        figures = import_module(f"tests.benchmarks.bench_{name}").measure()
        print(table(name, figures))
        print(f"written to {write(name, figures)}\n", flush=True)
    return 0


if __name__ == "__main__":
    # Before numpy is imported: one thread, as the workers have.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    sys.exit(main(sys.argv[1:]))

"""``python -m tests.benchmarks PART``: measures a part or all, prints a table, writes a file."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path

from tests.benchmarks.harness import bars_table, growth_table, table, write

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
        began, load = time.monotonic(), os.getloadavg()[0]
        module = import_module(f"tests.benchmarks.bench_{name}")
        figures = module.measure()
        bars = bars_table(getattr(module, "BARS", {}), figures)
        texts = (table(name, figures), growth_table(figures), bars)
        print("\n\n".join(text for text in texts if text))
        print(f"\nwritten to {write(name, figures, began=began, load=load)}\n", flush=True)
    return 0


if __name__ == "__main__":
    # Before numpy is imported: one thread, as the workers have.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    sys.exit(main(sys.argv[1:]))

"""Benchmarks: measured by `make bench PART=name`, never asserted on.

A part is a file ``bench_<name>.py`` with a function ``measure() -> list[Figure]``. It measures both
sides of every comparison in one run with equal payload, and reports ratios beside absolute times.
"""

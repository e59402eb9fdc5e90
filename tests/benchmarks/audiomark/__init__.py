"""The parts of ``bench_audiomark``."""

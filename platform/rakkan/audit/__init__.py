"""Append-only events and their place in the log."""

"""Depicted persons and their portraits, measured before use."""

"""Sealing, the gate and what was let out."""

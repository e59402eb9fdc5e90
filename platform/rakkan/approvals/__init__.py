"""Decisions of other people, bound to the digest of what they saw."""

"""The HTTP API for people's programs and for workers."""

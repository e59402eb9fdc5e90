"""One machine, no administrator: sets up, starts, stops and demonstrates Rakkan.

Run as ``python -m deploy.local COMMAND``; the Makefile does. ``setup`` needs nothing but the
standard library; every other command runs inside the ``.venv`` that ``setup`` made.
"""

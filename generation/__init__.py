"""The side that draws: faces, motion, engines and the worker; no database, no signing key."""

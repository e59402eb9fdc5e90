"""The reading of lips from a voice: what it is fitted to, and how good it is."""

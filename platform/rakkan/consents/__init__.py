"""What the depicted person allows, for how long, and its withdrawal."""

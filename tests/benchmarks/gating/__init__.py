"""What the photo gate is measured on: portraits made worse, and what comes of them."""

"""What anyone may ask about a released file."""

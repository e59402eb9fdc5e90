"""What spoils a voice track, by how much the mouth then moves otherwise."""

"""What proves a production, in one file."""

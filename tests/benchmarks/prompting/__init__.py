"""What each word of a prompt moves in finished pictures."""
